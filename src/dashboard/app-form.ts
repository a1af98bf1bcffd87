import { nameProblem } from '../identity/identity.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { ClientInput, ClientProblem } from '../oauth/clients/clients.service.ts';
import type { AppErrors, AppKind, AppText, RedirectProblem } from '../pages/apps-models.ts';
import { redirectProblems } from './app-kinds.ts';

/** What a form says of an app, checked: what it comes to, or what is wrong with it. */
export interface CheckedApp {
  readonly input: AppInput;
  readonly errors: AppErrors;
  readonly redirectProblems: readonly RedirectProblem[];
}

type AppInput = Pick<
  ClientInput,
  'name' | 'redirectUris' | 'scopes' | 'clientUri' | 'tosUri' | 'policyUri'
>;

const MOST_REDIRECT_URIS = 100;
const LONGEST_LINK = 2000;

/** The form as it was sent; whatever is no text is none. */
export function readAppText(body: unknown): AppText {
  const fields = (body ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  return {
    kind: text('kind'),
    name: text('name').trim(),
    redirectUris: text('redirect_uris'),
    scopes: [fields.scope ?? []].flat().filter((scope) => typeof scope === 'string'),
    clientUri: text('client_uri').trim(),
    tosUri: text('tos_uri').trim(),
    policyUri: text('policy_uri').trim(),
  };
}

/** An app as its form shows it. */
export const appTextOf = (client: OAuthClient): AppText => ({
  name: client.name,
  redirectUris: client.redirectUris.join('\n'),
  scopes: client.scopes,
  clientUri: client.clientUri ?? '',
  tosUri: client.tosUri ?? '',
  policyUri: client.policyUri ?? '',
});

export const EMPTY_APP: AppText = readAppText({});

/** One a line; empty ones and repetitions are left out. */
export const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/\r\n?|\n/)
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

/**
 * @param kind undefined: none was chosen
 * @param hasUsers whether it is an app that people sign in for
 */
export function checkApp(
  text: AppText,
  kind: AppKind | 'other' | undefined,
  hasUsers: boolean,
): CheckedApp {
  const redirectUris = hasUsers ? linesOf(text.redirectUris) : [];
  const problems = redirectProblems(kind, redirectUris);
  const name = nameProblem(text.name);
  const redirectError =
    (problems.length > 0 && 'wrong') ||
    (redirectUris.length > MOST_REDIRECT_URIS && 'too_many') ||
    (hasUsers && redirectUris.length === 0 && 'required');
  return {
    input: {
      ...{ name: text.name, redirectUris, scopes: [...new Set(text.scopes)] },
      clientUri: text.clientUri || null,
      tosUri: text.tosUri || null,
      policyUri: text.policyUri || null,
    },
    errors: {
      ...(kind === undefined ? { kind: 'required' } : {}),
      ...(name && name !== 'too_short' && name !== 'too_common' ? { name } : {}),
      ...(redirectError ? { redirect_uris: redirectError } : {}),
      ...(isLink(text.clientUri) ? {} : { client_uri: 'invalid' }),
      ...(isLink(text.tosUri) ? {} : { tos_uri: 'invalid' }),
      ...(isLink(text.policyUri) ? {} : { policy_uri: 'invalid' }),
    },
    redirectProblems: problems,
  };
}

/** What the service refused, where the form says it. */
export function errorsOf(problems: readonly ClientProblem[]): AppErrors {
  const others = problems.filter(({ field }) => field !== 'scope');
  const detail = others.map(({ message }) => message).join('; ');
  return {
    ...(others.length < problems.length ? { scope: 'beyond' } : {}),
    ...(others.length > 0 ? { form: { kind: 'refused', detail } } : {}),
  };
}

/** A page of the web, or nothing. */
function isLink(text: string): boolean {
  if (text === '') return true;
  const protocol = URL.parse(text)?.protocol ?? '';
  return text.length <= LONGEST_LINK && /^https?:$/.test(protocol) && !/[\s\p{Cc}]/u.test(text);
}
