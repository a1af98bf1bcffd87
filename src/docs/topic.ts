import { environmentsOf } from '../credentials/api-keys/api-key-rules.ts';
import type { Language } from '../pages/words/words.ts';
import type {
  CredentialKind,
  Platform,
  PlatformScope,
  Presentation,
  Route,
} from '../platform/platform.ts';
import type { DescribedRequest, Fields } from '../snippets/described-request.ts';
import { type SayKnown, sayKnownIn } from './say.ts';

/** What the page is about, and the few things most of its sections ask. */
export interface Topic {
  readonly platform: Platform;
  readonly issuer: string;
  /** Where requests to the API go: an origin, perhaps with a path; no slash at its end. */
  readonly apiUrl: string;
  readonly t: SayKnown;
  /** The environment variable of an example, e.g. `KAIE_API_KEY`. */
  variable(name: VariableName): string;
  /** `${KAIE_API_KEY}`, as a described request names it. */
  value(name: VariableName): string;
  /** The kinds of credential this platform takes. */
  readonly kinds: readonly CredentialKind[];
  /** Where a kind may stand, in the order of the platform file. */
  presentationsOf(kind: CredentialKind): readonly Presentation[];
  /** A harmless request that a credential of the kind can be tried with; absent: there is no such route. */
  readonly example: Example | undefined;
  /** The menu in which keys are, and a section of it: `Settings > API keys`. */
  menu(section: 'keys' | 'apps' | 'service_accounts'): string;
}

export type VariableName =
  | 'api_key'
  | 'org_id'
  | 'access_token'
  | 'refresh_token'
  | 'client_id'
  | 'client_secret'
  | 'email'
  | 'password'
  | 'redirect_uri'
  | 'code'
  | 'code_verifier'
  | 'service_jwt'
  | 'assertion'
  | 'fingerprint'
  | 'service_account_id'
  | 'private_key'
  | 'webhook_secret';

export interface Example {
  readonly route: Route;
  /** With the variable of the organization in it, where the route has one. */
  readonly path: string;
}

export function createTopic(of: {
  platform: Platform;
  issuer: string;
  apiUrl: string;
  language?: Language;
}): Topic {
  const { platform } = of;
  const t = sayKnownIn(of.language ?? 'en');
  const stem = platform.id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
  const variable = (name: VariableName) => `${stem}_${name.toUpperCase()}`;
  const value = (name: VariableName) => `\${${variable(name)}}`;
  return {
    ...{ ...of, t, variable, value },
    kinds: kindsOf(platform),
    presentationsOf: (kind) =>
      platform.presentations.filter(({ credentials }) => credentials.includes(kind)),
    example: exampleOf(platform, value('org_id')),
    menu(section) {
      const menu = platform.documentation.developerMenu ?? t('frame.group.build');
      return `${menu} > ${t(`frame.section.${section}`)}`;
    },
  };
}

/** Those that may stand somewhere and that the platform issues. */
function kindsOf(platform: Platform): CredentialKind[] {
  const issued: Record<CredentialKind, boolean> = {
    api_key: environmentsOf(platform).length > 0,
    access_token: true,
    service_jwt: platform.serviceJwts.enabled,
    playground_key: platform.playgroundKeys.enabled,
  };
  return (Object.keys(issued) as CredentialKind[]).filter(
    (kind) =>
      issued[kind] && platform.presentations.some(({ credentials }) => credentials.includes(kind)),
  );
}

/** A GET of the first scope that has one without parameters, in a module that new organizations have. */
function exampleOf(platform: Platform, organization: string): Example | undefined {
  const plan = platform.plans.find(({ name }) => name === platform.defaultPlan);
  const isOpen = ({ methods, module }: Route) =>
    methods.includes('GET') && (module === undefined || plan?.modules.includes(module));
  const isPlain = ({ segments, organizationParam }: Route) =>
    segments.every((one) => one.kind !== 'parameter' || one.name === organizationParam);
  const usable = platform.routes.filter((route) => isOpen(route) && isPlain(route));
  const scopes: (string | undefined)[] = platform.scopes.map(({ name }) => name);
  const [route] = usable.toSorted((a, b) => rank(scopes, a) - rank(scopes, b));
  return route && { route, path: pathOf(route, organization) };
}

const rank = (scopes: readonly (string | undefined)[], { scope }: Route) => {
  const at = scopes.indexOf(scope);
  return at < 0 ? scopes.length : at;
};

/** A path the route takes; what is left open at its end is left out. */
export const pathOf = ({ segments }: Route, organization: string): string =>
  segments
    .filter((segment) => segment.kind !== 'rest')
    .map((segment) => `/${segment.kind === 'literal' ? segment.text : organization}`)
    .join('');

/** The variable that holds a credential of the kind. */
const CREDENTIALS = {
  api_key: 'api_key',
  playground_key: 'api_key',
  access_token: 'access_token',
  service_jwt: 'service_jwt',
} as const satisfies Record<CredentialKind, VariableName>;

/** The example's request with a credential of the kind, where the presentation wants it. */
export function presenting(
  { platform, apiUrl, value }: Topic,
  presentation: Presentation,
  kind: CredentialKind,
  { path }: Example,
): DescribedRequest {
  const { organizationHeader: header } = platform;
  const [query, headers] = placed(presentation, value(CREDENTIALS[kind]));
  const organization: Fields = header?.requiredFor.includes(kind)
    ? [[headerName(header.name), value('org_id')]]
    : [];
  return { method: 'GET', url: apiUrl + path + query, headers: [...headers, ...organization] };
}

function placed(presentation: Presentation, secret: string): [query: string, headers: Fields] {
  switch (presentation.in) {
    case 'bearer':
      return ['', [['Authorization', `Bearer ${secret}`]]];
    case 'header':
      return ['', [[headerName(presentation.name), secret]]];
    case 'query':
      return [`?${encodeURIComponent(presentation.name)}=${secret}`, []];
  }
}

const ACRONYMS: Readonly<Record<string, string>> = { api: 'API', id: 'ID' };

/** Headers are kept in lower case; people know them as `X-API-Key`. */
export const headerName = (name: string): string =>
  name
    .split('-')
    .map((word) => ACRONYMS[word] ?? word.charAt(0).toUpperCase() + word.slice(1))
    .join('-');

/** Where prices are, as a sentence; empty where the platform names no such page. */
export const seePricing = ({ t, platform }: Topic): string => {
  const { pricingUrl } = platform.documentation;
  if (pricingUrl === undefined) return '';
  const url = pricingUrl.replaceAll('(', '%28').replaceAll(')', '%29');
  return t('docs.pricing', { url });
};

/** What a scope lets a developer do, in the words for developers where there are such. */
export const describeScope = (platform: Platform, scope: PlatformScope): string =>
  platform.documentation.scopes[scope.name] ?? scope.description;
