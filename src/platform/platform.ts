import type { Language } from '../pages/words/words.ts';
import type { DenialReason } from './denial-reasons.ts';
import type { TenantResource } from './tenant-resources.ts';

/**
 * What one API company declares in its platform file, normalised: every default filled in, every name
 * resolved, every duration in seconds, deeply frozen. Rooms read this type and never the file.
 */
export interface Platform {
  /** Short name for machines, e.g. `kaie`. */
  readonly id: string;
  /** The name people read, e.g. `Kaie`. */
  readonly name: string;
  /** What the texts of the file are written in. */
  readonly language: Language;
  readonly branding: Branding;
  /** Issuer identifier (RFC 8414 §2). `ISSUER` in the environment wins over it. */
  readonly issuer?: string;
  readonly api: Api;
  /** In the order of the file, which is the order of the consent page. */
  readonly scopes: readonly PlatformScope[];
  readonly permissionSets: readonly PermissionSet[];
  /** The most a member with a role may do or grant, as scope names. */
  readonly roles: Readonly<Record<RoleName, readonly string[]>>;
  readonly apiKeys: ApiKeyPolicy;
  /** Never empty; the first that issues `api_key` is the default for new keys. */
  readonly keyEnvironments: readonly KeyEnvironment[];
  /** Where the gate looks for a credential. Never empty. */
  readonly presentations: readonly Presentation[];
  readonly modules: readonly Module[];
  /** Never empty: without plans in the file there is one, `default`, with every module. */
  readonly plans: readonly Plan[];
  /** The plan of a new organization. */
  readonly defaultPlan: string;
  readonly namedLimits: readonly NamedLimit[];
  /** What every request counts on by the kind of credential that carries it. An absent kind has no such rate. */
  readonly credentialRateLimits: Readonly<Partial<Record<CredentialKind, Rate>>>;
  readonly limitsStore: LimitsStorePolicy;
  /** Most specific first: the first that fits is the one that counts. See `findRoute`. */
  readonly routes: readonly Route[];
  /** Absent: the organization comes from the credential and the path alone. */
  readonly organizationHeader?: OrganizationHeader;
  readonly userTokens: UserTokens;
  readonly serviceJwts: ServiceJwts;
  readonly playgroundKeys: PlaygroundKeys;
  readonly tokens: TokenLifetimes;
  readonly signUp: { readonly enabled: boolean };
  readonly oauth: OAuthPolicy;
  readonly webhooks: Webhooks;
  readonly documentation: Documentation;
  readonly dialect: Dialect;
  readonly upstream: Upstream;
}

/** Something with texts for people. Pages ask `platformText` for them; programs get what the file says. */
export interface Translated<Field extends string> {
  /** The same texts in other languages, as far as they are there. */
  readonly translations?: Translations<Field>;
}

export type Translations<Field extends string> = Readonly<
  Partial<Record<Language, Readonly<Partial<Record<Field, string>>>>>
>;

export interface Branding {
  /** `#rrggbb`; at least 4.5:1 against white (WCAG 2.2 §1.4.3). */
  readonly accentColor: string;
  /** `#rrggbb`; at least 4.5:1 against #111418. Absent in the file: a lighter tint of `accentColor`. */
  readonly accentColorDark?: string;
  readonly tagline?: string;
  readonly supportUrl?: string;
  readonly homeUrl?: string;
  readonly termsUrl?: string;
  readonly privacyUrl?: string;
}

export interface Api {
  /** Absolute URI without fragment: the audience of a token when no resource was asked for (RFC 8707 §2). */
  readonly identifier: string;
  readonly name: string;
  /** More audiences, each with the part of `scopes` that it takes. */
  readonly additionalResources: readonly AdditionalResource[];
}

export interface AdditionalResource {
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

/** How the consent page groups a scope, from harmless to grave. */
export type Access = 'read' | 'write' | 'admin';

export interface PlatformScope extends Translated<'title' | 'description'> {
  readonly name: string;
  /** A few words an end user understands. */
  readonly title: string;
  /** One sentence for the consent page. */
  readonly description: string;
  readonly access: Access;
  /** Every scope that holding this one includes, transitively, itself left out. */
  readonly implies: readonly string[];
  /**
   * What of their own organization its holders read and change in the management API, by this scope alone:
   * what implied ones manage comes with those.
   */
  readonly manages: readonly TenantResource[];
}

/** A named bundle of scopes offered when a key is made. */
export interface PermissionSet extends Translated<'title' | 'description'> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly string[];
}

export type RoleName = 'owner' | 'admin' | 'member';

export interface ApiKeyPolicy {
  /** What a key gets that was made without scopes or permission set. Absent: such a key is refused. */
  readonly defaultPermissionSet?: string;
}

export type CredentialKind = 'api_key' | 'access_token' | 'service_jwt' | 'playground_key';

export interface KeyEnvironment extends Translated<'title' | 'tier'> {
  /** e.g. `live` */
  readonly name: string;
  /** What its keys begin with, e.g. `kliq_live_`. No prefix begins another, so a key tells its environment. */
  readonly prefix: string;
  readonly title: string;
  /** Who it is for, in the platform's words, e.g. `Developer / Enterprise`. */
  readonly tier?: string;
  readonly issues: 'api_key' | 'playground_key';
  /** Ceiling whatever the key's scopes say: `read` makes a read-only environment. Routes marked `playground`
   * are outside it for playground keys. */
  readonly maxAccess: Access;
}

/** One place a credential may stand in a request, and the kinds that may stand there. */
export type Presentation =
  | { readonly in: 'bearer'; readonly credentials: readonly CredentialKind[] }
  | {
      readonly in: 'header';
      /** Lower-cased. */
      readonly name: string;
      readonly credentials: readonly CredentialKind[];
    }
  | {
      /** Ends up in access logs: the gate redacts it from its own and from what it hands upstream. */
      readonly in: 'query';
      readonly name: string;
      readonly credentials: readonly CredentialKind[];
    };

/** A part of the API that plans include or leave out. */
export interface Module extends Translated<'title'> {
  readonly name: string;
  readonly title: string;
}

export interface Plan extends Translated<'title'> {
  readonly name: string;
  readonly title: string;
  readonly modules: readonly string[];
  /** By limit name: what stands in the place of that limit's default for organizations on this plan. */
  readonly limits: Readonly<Record<string, PlanLimit>>;
}

export interface PlanLimit {
  readonly limit: number;
  /** Null: for life. Always the window of the named limit. */
  readonly windowSeconds: number | null;
}

/** A count that routes name in `meters`. */
export interface NamedLimit extends Translated<'title'> {
  readonly name: string;
  readonly title: string;
  /** How many are admitted in a window; 0 admits none. A plan's figure wins over it, a key's over both. */
  readonly limit: number;
  /** Null: for life, the count never returns to zero. */
  readonly windowSeconds: number | null;
  /** `rate` up to an hour: may live in memory or Redis. `quota` beyond: durable, never over-admits. */
  readonly kind: 'rate' | 'quota';
  /**
   * Who shares a count. `credential`: one key; for an access token its grant, else its client, so that a
   * refresh is no fresh start. `identity`: what `playgroundKeys.identifyBy` makes of an anonymous caller.
   */
  readonly per: 'credential' | 'organization' | 'identity';
  /** Whether a key may carry its own figure (`limits` when the key is made). */
  readonly settablePerKey: boolean;
  /** Kinds of credential that count; others pass unmetered. */
  readonly appliesTo: readonly CredentialKind[];
}

/** `limit` requests in any window of `windowSeconds`. */
export interface Rate {
  readonly limit: number;
  readonly windowSeconds: number;
}

export interface LimitsStorePolicy {
  /** Rates when Redis does not answer: let requests through uncounted, or deny with `temporarily_unavailable`. */
  readonly whenRedisIsAway: 'allow' | 'deny';
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type RouteSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  /** Last only: this segment and all that follow, or none. */
  | { readonly kind: 'rest' };

export interface Route {
  /** HEAD is there wherever GET is. */
  readonly methods: readonly HttpMethod[];
  /** As in the file: `/v1/tenants/:organization/observations/*`. */
  readonly path: string;
  /** `path`, taken apart. */
  readonly segments: readonly RouteSegment[];
  /** The scope a caller needs. Absent: any credential will do. */
  readonly scope?: string;
  /** The module the organization's plan must include. */
  readonly module?: string;
  /** The path parameter that must equal the credential's organization. */
  readonly organizationParam?: string;
  /** Named limits that a request counts on, the platform's default meters first. */
  readonly meters: readonly string[];
  /** Whether playground keys may call it. They may call nothing else; here neither `scope` nor
   * `maxAccess` holds them back. */
  readonly playground: boolean;
}

export interface OrganizationHeader {
  /** Lower-cased. */
  readonly name: string;
  /** Kinds of credential that must send it. When any other sends it, it must still match. */
  readonly requiredFor: readonly CredentialKind[];
}

/** Email and password against a JWT pair, at paths of the platform's own. */
export type UserTokens =
  | { readonly enabled: false }
  | {
      readonly enabled: true;
      readonly tokenPath: string;
      readonly refreshPath: string;
      /** Of both request and response: `accessToken` or `access_token`. */
      readonly fieldStyle: 'camelCase' | 'snake_case';
    };

/** JWTs that a service account signs with its own private key and sends as a bearer token. */
export interface ServiceJwts {
  readonly enabled: boolean;
  /** Longest `exp - iat` taken, in seconds. */
  readonly maxLifetimeSeconds: number;
  /**
   * `required`: every JWT has a `jti` and is taken once. `when_jti`: one with a `jti` is taken once, one
   * without until it expires. `off`: until it expires.
   */
  readonly replayProtection: 'off' | 'when_jti' | 'required';
}

/** Keys for strangers without an account. */
export type PlaygroundKeys =
  | { readonly enabled: false }
  | {
      readonly enabled: true;
      /** Name of the key environment that issues them. */
      readonly environment: string;
      /** Where a stranger asks for one: POST. */
      readonly path: string;
      /** What makes two strangers the same one: counts with `per: identity` are kept under it. */
      readonly identifyBy: readonly ('fingerprint' | 'address')[];
      readonly plan: string;
      /** The organization they act for, which holds sample data; no customer's. */
      readonly organizationId: string;
      /** How many keys one address may ask for. */
      readonly issueRate: Rate;
    };

/** All in whole seconds. */
export interface TokenLifetimes {
  readonly accessTokenTtlSeconds: number;
  readonly idTokenTtlSeconds: number;
  readonly authorizationCodeTtlSeconds: number;
  /** Idle: each rotation starts it anew. */
  readonly refreshTokenTtlSeconds: number;
  /** Absolute: no rotation reaches past it. */
  readonly grantTtlSeconds: number;
  readonly sessionTtlSeconds: number;
  readonly interactionTtlSeconds: number;
}

export interface OAuthPolicy {
  /** `always`: whenever the client registered the grant. `offline_access`: only when that scope was granted too. */
  readonly refreshTokens: 'always' | 'offline_access';
  readonly signingKeyRotationSeconds: number;
  /** Whether `/playground` offers to try the flows. */
  readonly playgroundEnabled: boolean;
}

export interface Webhooks {
  readonly enabled: boolean;
  readonly events: readonly WebhookEvent[];
  /** As written in the file; carries an HMAC-SHA256. */
  readonly signatureHeader: string;
  /** `timestamped`: `t=<seconds>,v1=<hex of HMAC("<seconds>.<body>")>`. `plain`: `sha256=<hex of HMAC(body)>`. */
  readonly signatureStyle: 'timestamped' | 'plain';
  /** How old a timestamp receivers are told to accept. */
  readonly toleranceSeconds: number;
  /** Most deliveries to one subscription. */
  readonly deliveryRate: Rate;
}

export interface WebhookEvent extends Translated<'description'> {
  readonly name: string;
  readonly description: string;
}

/** What only the platform can say on its documentation page: the rest is made of what it declares. */
export interface Documentation {
  /** What the dashboard calls the menu in which API keys are, e.g. `Settings`. Absent: the pages' own word. */
  readonly developerMenu?: string;
  /** Where plans and prices are. Absent: the page says nothing of prices. */
  readonly pricingUrl?: string;
  /** By scope name: one sentence for developers. Absent: the scope's description. */
  readonly scopes: Readonly<Record<string, string>>;
  /** By permission set: what it lets a key do, point by point. Absent: the set's description. */
  readonly permissionSets: Readonly<Record<string, readonly string[]>>;
  /** By limit: what it counts. Absent: the limit's title. */
  readonly limits: Readonly<Record<string, string>>;
  /** By key environment: what its keys give access to. */
  readonly keyEnvironments: Readonly<Record<string, string>>;
  /** Published packages, by language. Empty: the page promises none. */
  readonly sdks: readonly Sdk[];
}

export interface Sdk {
  readonly language: SdkLanguage;
  /** What is installed, e.g. `@kliq-ai/sdk`. */
  readonly package: string;
  /** Its class, or in Go its package, e.g. `KliqClient`. */
  readonly client: string;
}

export type SdkLanguage = 'typescript' | 'python' | 'go' | 'java';

/** A JSON value whose strings may hold `{placeholders}`; see `fillTemplate`. */
export type DialectTemplate =
  | string
  | number
  | boolean
  | null
  | readonly DialectTemplate[]
  | { readonly [key: string]: DialectTemplate };

export interface Dialect {
  readonly contentType: string;
  readonly body: DialectTemplate;
  readonly denials: Readonly<Record<DenialReason, DialectDenial>>;
}

export interface DialectDenial {
  readonly status: number;
  readonly code: string;
  /** One sentence for the developer who called. */
  readonly message: string;
  /** Beside the standard ones, which the gate always sends. Values may hold placeholders. */
  readonly headers: Readonly<Record<string, string>>;
  /** In the place of the dialect's body. */
  readonly body?: DialectTemplate;
}

export interface Upstream {
  /** Absent: no proxy mode. `UPSTREAM` in the environment wins over it. */
  readonly url?: string;
  readonly timeoutSeconds: number;
}
