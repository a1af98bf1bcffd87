import { platformText } from '../pages/platform-text.ts';
import type { PlaygroundOption, PlaygroundPage } from '../pages/playground-models.ts';
import type { Platform } from '../platform/platform.ts';
import type { NamedApp } from './own-app.ts';
import { type Api, createRequests, wireName } from './requests.ts';
import {
  callsOf,
  flowsOf,
  identityScopesOf,
  nameOf,
  readSetup,
  type Setup,
  scopesOf,
  usesApp,
  wayName,
  waysOf,
} from './setup.ts';
import { keyStepsOf, stepsOf } from './steps.ts';

type Tab = 'oauth' | 'keys';

/** Where each tab is. */
export const TAB_PATHS: Readonly<Record<Tab, string>> = {
  oauth: '/playground',
  keys: '/playground/keys',
};

/** The page for a query: what it says is chosen, the steps are those of the choice. */
export function createPlaygroundPage(deps: { platform: Platform; issuer: string; api: Api }) {
  const { platform, issuer, api } = deps;
  const own = createRequests(platform, issuer, api);

  /** @param named the app in the query, for this visitor */
  return function page(
    query: Readonly<Record<string, unknown>>,
    tab: Tab,
    named?: NamedApp,
  ): PlaygroundPage {
    const app = named && 'app' in named ? named.app : undefined;
    const setup = readSetup(query, platform, tab, app);
    const isOAuth = tab === 'oauth';
    const requests = app ? createRequests(platform, issuer, api, app) : own;
    const unfit = named && 'problem' in named ? named.id : undefined;
    return {
      ...appPart(setup, named),
      here: linkTo(setup, tab, unfit),
      dashboardUrl: '/dashboard',
      docsUrl: '/docs/authentication',
      tabs: (['oauth', 'keys'] as const).map((kind) => ({
        ...{ kind, href: TAB_PATHS[kind], current: kind === tab },
      })),
      flows: isOAuth
        ? flowsOf(platform, app).map((kind) => ({
            kind,
            href: `${TAB_PATHS.oauth}?${new URLSearchParams({ flow: kind, ...clientOf(setup) })}`,
            current: kind === setup.flow,
          }))
        : [],
      setup: {
        hidden: isOAuth
          ? Object.entries({ flow: setup.flow, ...clientOf(setup) }).map(([name, value]) => ({
              ...{ name, value },
            }))
          : [],
        action: TAB_PATHS[tab],
        scopes: isOAuth && asksForScopes(setup) ? scopeOptions(platform, setup) : [],
        routes: routeOptions(platform, setup),
        ways: isOAuth ? [] : wayOptions(platform, setup),
        link: issuer + linkTo(setup, tab),
      },
      steps: isOAuth ? stepsOf(platform, requests, setup) : keyStepsOf(platform, requests, setup),
      facts: {
        issuer,
        ...(platform.playgroundKeys.enabled ? { keyPath: platform.playgroundKeys.path } : {}),
      },
    };
  };
}

const clientOf = ({ app }: Setup): { client_id?: string } => (app ? { client_id: app.id } : {});

/** What the page says of the app that its address names. */
function appPart({ flow, app }: Setup, named: NamedApp | undefined) {
  if (named && 'problem' in named) return { appProblem: named.problem };
  if (!app || !usesApp(flow)) return {};
  return { app: { name: app.name, clientId: app.id, hasSecret: app.auth !== 'none' } };
}

/** With a password comes what the role allows. */
const asksForScopes = ({ flow }: Setup) => flow !== 'user_tokens';

/**
 * The same setup for somebody else: all of it is in the address, and nothing else is.
 *
 * @param unfit the app that is named but cannot be tried
 */
function linkTo(setup: Setup, tab: Tab, unfit?: string): string {
  const { flow, scopes, call, way } = setup;
  const client = unfit ? { client_id: unfit } : clientOf(setup);
  const query = new URLSearchParams(
    tab === 'oauth'
      ? { flow, ...client, scope: scopes.join(' ') }
      : way
        ? { way: wayName(way) }
        : {},
  );
  if (call) query.set('route', nameOf(call));
  return `${TAB_PATHS[tab]}?${query}`;
}

function scopeOptions(platform: Platform, { flow, scopes, app }: Setup): PlaygroundOption[] {
  const declared = new Map(platform.scopes.map((scope) => [scope.name, scope]));
  const identity = identityScopesOf(platform);
  return scopesOf(platform, flow, app).map((value) => {
    const scope = identity.includes(value) ? undefined : declared.get(value);
    const about = scope && { about: platformText(platform, scope, 'title') };
    return { value, text: value, chosen: scopes.includes(value), ...about };
  });
}

const routeOptions = (platform: Platform, { call }: Setup): PlaygroundOption[] =>
  callsOf(platform)
    .toSorted((one, other) => compare(one.route.path, other.route.path))
    .map((one) => {
      const name = nameOf(one);
      return { value: name, text: name, chosen: call !== undefined && nameOf(call) === name };
    });

const compare = (one: string, other: string) => (one === other ? 0 : one < other ? -1 : 1);

function wayOptions(platform: Platform, { way }: Setup): PlaygroundOption[] {
  const ways = waysOf(platform);
  if (ways.length < 2) return [];
  return ways.map((one) => ({
    value: wayName(one),
    text:
      one.in === 'bearer'
        ? 'Authorization: Bearer'
        : one.in === 'header'
          ? wireName(one.name)
          : `?${one.name}=`,
    chosen: one === way,
  }));
}
