import type { ServiceAccountProblem } from '../credentials/service-accounts/service-accounts.service.ts';
import { nameProblem } from '../identity/identity.ts';
import type { AccountErrors, AccountText, KeyError } from '../pages/service-account-models.ts';

/** As in the management API, characters. */
const LONGEST_NAME = 100;

/** What a form says of a service account, its key aside. */
export function readAccountText(body: unknown): AccountText {
  const { name, scope } = (body ?? {}) as Record<string, unknown>;
  const scopes = [scope ?? []].flat().filter((one) => typeof one === 'string');
  return {
    name: typeof name === 'string' ? name.trim() : '',
    scopes: [...new Set(scopes)],
    key: '',
  };
}

export function nameErrors({ name }: AccountText): AccountErrors {
  const problem = name.length > LONGEST_NAME ? 'too_long' : nameProblem(name);
  if (!problem || problem === 'too_short' || problem === 'too_common') return {};
  return { name: problem };
}

/** What the service refused, where the form says it. */
export function accountErrorsOf(problems: readonly ServiceAccountProblem[]): AccountErrors {
  const ofKeys = problems.filter(({ field }) => field.startsWith('jwks'));
  return {
    ...(ofKeys.length < problems.length ? { scope: 'beyond' } : {}),
    ...(ofKeys.length > 0 ? { key: keyErrorOf(ofKeys) } : {}),
  };
}

/** The problems of a key in the words of the service, each at the member it is about. */
export function keyErrorOf(problems: readonly ServiceAccountProblem[]): KeyError {
  const said = problems.map(({ field, message }) => {
    const member = /\]\.(\w+)$/.exec(field)?.[1] ?? 'it';
    return `${member} ${message}`;
  });
  return { kind: 'refused', detail: [...new Set(said)].join('; ') };
}
