import { IDENTITY_SCOPES, OFFLINE_ACCESS, splitScope } from '../oauth/scopes.ts';
import type { FlowKind } from '../pages/playground-models.ts';
import type { Platform, Presentation, Route } from '../platform/platform.ts';
import type { OwnApp } from './own-app.ts';

/** What somebody has chosen: all that the address of the page holds, and nothing that was typed. */
export interface Setup {
  readonly flow: FlowKind;
  /** Of those that the flow may ask for. */
  readonly scopes: readonly string[];
  /** Undefined on a platform without routes. */
  readonly call: Call | undefined;
  /** Where a key stands in the call. */
  readonly way: Presentation | undefined;
  /** Undefined: the playground's own. */
  readonly app: OwnApp | undefined;
}

/** A request to the platform's API, as the platform file has it. */
export interface Call {
  readonly method: string;
  readonly route: Route;
}

/** The flows there are on this platform, and for this app. */
export function flowsOf(platform: Platform, app?: OwnApp): FlowKind[] {
  return [
    'code',
    'client_credentials',
    ...(app?.canRefresh === false ? [] : (['refresh'] as const)),
    ...(platform.userTokens.enabled ? (['user_tokens'] as const) : []),
    ...(platform.serviceJwts.enabled ? (['service_jwt'] as const) : []),
  ];
}

/** An app of the visitor's is tried where a person signs in; in the other flows they type whose token it is. */
export const usesApp = (flow: FlowKind): boolean => flow === 'code' || flow === 'refresh';

/** The scopes a flow may ask for: only where there is a user may it be asked who that is. */
export function scopesOf(platform: Platform, flow: FlowKind, app?: OwnApp): string[] {
  const all = platform.scopes.map(({ name }) => name);
  if (!usesApp(flow)) return all;
  const own = all.filter((scope) => !app || app.scopes.includes(scope));
  const identity = identityScopesOf(platform).filter(
    (scope) => scope !== OFFLINE_ACCESS || app?.canRefresh !== false,
  );
  return [...identity, ...own];
}

export const identityScopesOf = (platform: Platform): string[] => [
  ...IDENTITY_SCOPES,
  ...(platform.oauth.refreshTokens === 'offline_access' ? [OFFLINE_ACCESS] : []),
];

/** Every request that the platform file names. HEAD is GET without its body. */
export const callsOf = (platform: Platform): Call[] =>
  platform.routes.flatMap((route) =>
    route.methods.filter((method) => method !== 'HEAD').map((method) => ({ method, route })),
  );

export const nameOf = ({ method, route }: Call): string => `${method} ${route.path}`;

/** Where a key may stand. */
export const waysOf = (platform: Platform): Presentation[] =>
  platform.presentations.filter(
    ({ credentials }) => credentials.includes('api_key') || credentials.includes('playground_key'),
  );

/** How a way is called in an address. */
export const wayName = (way: Presentation): string =>
  way.in === 'bearer' ? 'bearer' : `${way.in}:${way.name}`;

/**
 * The setup that an address describes. What it says that does not exist here counts as not said.
 *
 * @param tab what is tried: a flow of OAuth, or an API key
 * @param app of the visitor's, that it names
 */
export function readSetup(
  query: Readonly<Record<string, unknown>>,
  platform: Platform,
  tab: 'oauth' | 'keys',
  app?: OwnApp,
): Setup {
  const flow = flowsOf(platform, app).find((kind) => kind === query.flow) ?? 'code';
  const calls = callsOf(platform);
  const ways = waysOf(platform);
  const said = [query.scope ?? []].flat().flatMap(splitScope);
  // A form without a ticked box says nothing of scopes, but it names a route.
  const isSaid = query.scope !== undefined || query.route !== undefined;
  const askable = scopesOf(platform, flow, app);
  return {
    flow,
    scopes: isSaid
      ? askable.filter((scope) => said.includes(scope))
      : usualScopes(platform, askable),
    call: calls.find((call) => nameOf(call) === query.route) ?? usualCall(platform, calls, tab),
    way: ways.find((way) => wayName(way) === query.way) ?? ways[0],
    app,
  };
}

/** A few that are harmless. */
function usualScopes(platform: Platform, askable: readonly string[]): string[] {
  const readable = platform.scopes.filter(({ access }) => access === 'read').slice(0, 3);
  const usual = ['openid', OFFLINE_ACCESS, ...readable.map(({ name }) => name)];
  return askable.filter((scope) => usual.includes(scope));
}

/** Something that new organizations may read, if possible; strangers' keys can do what is made for them. */
function usualCall(
  platform: Platform,
  calls: readonly Call[],
  tab: 'oauth' | 'keys',
): Call | undefined {
  const [first] = platform.scopes.filter(({ access }) => access === 'read');
  const forStrangers =
    tab === 'keys' && platform.playgroundKeys.enabled
      ? calls.find(({ method, route }) => route.playground && method === 'POST')
      : undefined;
  const plan = platform.plans.find(({ name }) => name === platform.defaultPlan);
  const readings = calls.filter(({ method }) => method === 'GET');
  const entitled = readings.filter(
    ({ route: { module } }) => module === undefined || plan?.modules.includes(module),
  );
  const ofScope = (some: readonly Call[]) => some.find(({ route }) => route.scope === first?.name);
  return (
    forStrangers ??
    [ofScope(entitled), entitled[0], ofScope(readings), readings[0], calls[0]].find(Boolean)
  );
}
