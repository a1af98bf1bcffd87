import { PLAYGROUND_CLIENT_ID } from '../../src/oauth/clients/house-clients.ts';
import type { FlowKind, PlaygroundStep } from '../../src/pages/playground-models.ts';
import type { Platform, Presentation } from '../../src/platform/platform.ts';
import type { OwnApp } from '../../src/playground/own-app.ts';
import { createPlaygroundPage } from '../../src/playground/playground-page.ts';
import { type Api, wireName } from '../../src/playground/requests.ts';
import {
  type Call,
  callsOf,
  flowsOf,
  nameOf,
  wayName,
  waysOf,
} from '../../src/playground/setup.ts';
import type { SnippetLanguage } from '../../src/snippets/snippets.ts';

// Every program that the playground can show. Most of them are one and the same but for the names in them: what
// is left without the names is what has to be run once.

/** A page of the playground, and the programs that it shows. */
export interface Shown {
  /** Below the issuer. */
  readonly address: string;
  /** Of the call to the API. */
  readonly method: string | undefined;
  readonly app: OwnApp | undefined;
  readonly programs: readonly Program[];
}

export interface Program {
  readonly step: PlaygroundStep['kind'];
  readonly language: SnippetLanguage;
  readonly code: string;
  /** The code without what only names things: two that differ by nothing else are one. */
  readonly plot: string;
}

interface Server {
  readonly platform: Platform;
  readonly issuer: string;
  readonly api: Api;
}

/**
 * Each setup with which a page may show other code than with another: each flow of each app, with scopes and
 * without, each call, and each way for a key.
 *
 * @param apps of a visitor's, beside the playground's own
 */
export function everyPage(server: Server, apps: readonly OwnApp[]): Shown[] {
  const { platform } = server;
  const render = createPlaygroundPage(server);
  const calls = callsOf(platform);
  const show = (query: Record<string, string>, tab: 'oauth' | 'keys', app?: OwnApp): Shown => {
    const { here, setup, steps } = render(query, tab, app && { app });
    const chosen = setup.routes.find((route) => route.chosen)?.value;
    const call = calls.find((one) => nameOf(one) === chosen);
    const withoutNames = forgetNames(server, { address: here, call, app });
    const programs = steps.flatMap(({ kind, snippets }) =>
      snippets.map(({ kind: language, code }) => ({
        ...{ step: kind, language, code, plot: withoutNames(code) },
      })),
    );
    return { address: here, method: call?.method, app, programs };
  };

  const flows = [undefined, ...apps].flatMap((app) =>
    flowsOf(platform, app).map((flow) => ({ flow, app })),
  );
  return [
    ...flows.flatMap(({ flow, app }) =>
      scopesAskedFor(platform).map((asked) => show({ flow, ...asked }, 'oauth', app)),
    ),
    ...flows.toSorted(byEffort).flatMap(({ flow, app }) =>
      calls.map((call) => {
        const scope = `openid ${call.route.scope ?? ''}`.trim();
        return show({ flow, scope, route: nameOf(call) }, 'oauth', app);
      }),
    ),
    ...waysOf(platform).flatMap((way) =>
      calls.map((call) => show({ way: wayName(way), route: nameOf(call) }, 'keys')),
    ),
  ];
}

/** What is usual, with it an ID token; what brings none; and nothing at all. */
const scopesAskedFor = ({ scopes }: Platform): { scope?: string }[] => [
  ...[{}, { scope: scopes[0]!.name }, { scope: '' }],
];

const SHORT: readonly FlowKind[] = ['client_credentials', 'service_jwt', 'user_tokens'];

/** Those first that bring a credential without a person's consent. */
const byEffort = (one: { flow: FlowKind }, other: { flow: FlowKind }) =>
  Number(SHORT.includes(other.flow)) - Number(SHORT.includes(one.flow));

const METHODS = /\b(?:PUT|PATCH|DELETE)\b|(?<=httpx\.)(?:put|patch|delete)\b/g;

type Name = readonly [name: string, instead: string];

/** Leaves out of a code what the platform, the server, the app and the setup are called. */
function forgetNames(
  { platform, issuer, api }: Server,
  { address, call, app }: Pick<Shown, 'address' | 'app'> & { call: Call | undefined },
): (code: string) => string {
  const { userTokens, playgroundKeys, organizationHeader, presentations } = platform;
  const scope = new URL(address, issuer).searchParams.get('scope');
  const paths = [
    ...(userTokens.enabled ? [userTokens.tokenPath, userTokens.refreshPath] : []),
    ...(playgroundKeys.enabled ? [playgroundKeys.path] : []),
    ...(call ? literalsOf(call) : []),
  ];
  const names: Name[] = [
    ...[issuer, encodeURIComponent(issuer), api.url, platform.api.identifier].map(
      (name): Name => [name, 'ADDRESS'],
    ),
    ...paths.map((name): Name => [name, '/PATH']),
    ...(scope ? [scope, encodeURIComponent(scope)] : []).map((name): Name => [name, 'SCOPE']),
    ...presentations.map(nameOfWay),
    ...(organizationHeader ? [[wireName(organizationHeader.name), 'Organization'] as const] : []),
    [app?.id ?? PLAYGROUND_CLIENT_ID, 'CLIENT'],
    ['refreshToken', 'refresh_token'],
  ];
  const longestFirst = names.toSorted(([one], [other]) => other.length - one.length);
  return (code) =>
    longestFirst
      .reduce((text, [name, instead]) => text.replaceAll(name, instead), code)
      .replaceAll(METHODS, (method) => (/[A-Z]/.test(method) ? 'POST' : 'post'));
}

/** `Bearer` is no name: what a key has before it is part of the program. */
const nameOfWay = (way: Presentation): Name => {
  if (way.in === 'bearer') return ['Bearer', 'Bearer'];
  return way.in === 'query' ? [`?${way.name}=`, '?key='] : [wireName(way.name), 'Key'];
};

/** What stands before, between and after the organization in a path. */
function literalsOf({ route }: Call): string[] {
  const parts = [''];
  for (const segment of route.segments) {
    if (segment.kind === 'rest') continue;
    const isOrganization = segment.kind === 'parameter' && segment.name === route.organizationParam;
    if (isOrganization) parts.push('');
    else parts.push(`${parts.pop()}/${segment.kind === 'literal' ? segment.text : 'example'}`);
  }
  return parts.filter((part) => part !== '');
}

/** Pages to be followed so that each plot is run, and the steps on them that no page before has. */
export function pagesToFollow(pages: readonly Shown[], run: ReadonlySet<string>): ToFollow[] {
  const known = plotsRun(pages, run);
  const methods = new Set(pages.flatMap((page) => (isCalled(page, run) ? [page.method] : [])));
  return pages.flatMap((page) => {
    const { method, programs } = page;
    const isNew = ({ step, plot }: Program) =>
      !known.has(plot) || (CALLS.has(step) && !methods.has(method));
    const steps = new Set(programs.filter(isNew).map(({ step }) => step));
    for (const { plot } of programs) known.add(plot);
    if ([...steps].some((step) => CALLS.has(step))) methods.add(method);
    return steps.size > 0 ? [{ page, steps }] : [];
  });
}

export interface ToFollow {
  readonly page: Shown;
  readonly steps: ReadonlySet<string>;
}

const isCalled = ({ programs }: Shown, run: ReadonlySet<string>): boolean =>
  programs.some(({ step, code }) => CALLS.has(step) && run.has(code));

const CALLS: ReadonlySet<string> = new Set(['call', 'call_with_key']);

/** The plots of the codes that were run. */
export const plotsRun = (pages: readonly Shown[], run: ReadonlySet<string>): Set<string> =>
  new Set(
    pages.flatMap(({ programs }) =>
      programs.filter(({ code }) => run.has(code)).map(({ plot }) => plot),
    ),
  );
