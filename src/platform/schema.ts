import { type Static, type TOptional, Type } from 'typebox';
import { DEFAULTS } from './defaults.ts';
import { DENIAL_REASONS, type DenialReason } from './denial-reasons.ts';
import { documentation } from './schema-documentation.ts';
import * as part from './schema-parts.ts';
import { language, translations } from './schema-translations.ts';
import { TENANT_RESOURCES } from './tenant-resources.ts';

const { choice, closed, flag, list, named, optional, text } = part;

const branding = closed(
  {
    accent_color: optional(
      part.color({
        description: 'Buttons and links; at least 4.5:1 against white.',
        default: DEFAULTS.accentColor,
      }),
    ),
    accent_color_dark: optional(
      part.color({
        description:
          'The same in dark mode; at least 4.5:1 against #111418. Left out: a lighter tint is made.',
      }),
    ),
    tagline: optional(text()),
    support_url: optional(part.url()),
    home_url: optional(part.url()),
    terms_url: optional(part.url()),
    privacy_url: optional(part.url()),
  },
  { description: 'How sign-in, consent and dashboard look.' },
);

const api = closed(
  {
    identifier: part.uri({ description: 'The audience (aud) of access tokens.' }),
    name: optional(text({ description: "What people read; left out, the platform's name + API." })),
    additional_resources: optional(
      list(
        closed({
          identifier: part.uri(),
          name: text(),
          scopes: list(part.scopeName()),
        }),
        { description: 'More audiences, each with the part of the scopes it takes.' },
      ),
    ),
  },
  { title: 'a mapping with identifier', description: 'The API that tokens are for.' },
);

const scope = closed(
  {
    title: text({ description: 'A few words an end user understands.' }),
    description: text({ description: 'One sentence for the consent page.' }),
    access: choice(['read', 'write', 'admin'], {
      description: 'How the consent page groups it, from harmless to grave.',
    }),
    implies: optional(
      part.namesOrAll({ description: "Scopes that holding this one includes; '*' for all." }),
    ),
    manages: optional(
      part.choicesOrAll(TENANT_RESOURCES, {
        description:
          "What of their own organization its holders read and change in the management API; '*' for all.",
      }),
    ),
  },
  { title: 'a mapping with title, description and access' },
);

const permissionSet = closed(
  {
    title: text(),
    description: text(),
    scopes: part.namesOrAll({ description: "Its scopes; '*' for all." }),
  },
  { title: 'a mapping with title, description and scopes' },
);

const roles = closed(
  {
    owner: optional(part.namesOrAll({ default: '*' })),
    admin: optional(part.namesOrAll({ default: '*' })),
    member: optional(
      part.namesOrAll({ description: 'Left out: every scope whose access is not admin.' }),
    ),
  },
  { description: 'The most a member with each role may do or grant, in scopes.' },
);

const keyEnvironment = closed(
  {
    prefix: part.keyPrefix({ description: 'What its keys begin with.' }),
    title: optional(text()),
    tier: optional(text({ description: 'Who it is for, in your words.' })),
    issues: optional(choice(['api_key', 'playground_key'], { default: 'api_key' })),
    max_access: optional(
      choice(['read', 'write', 'admin'], {
        description: "Ceiling whatever a key's scopes say.",
        default: 'admin',
      }),
    ),
  },
  { title: 'a mapping with prefix' },
);

const presentation = closed(
  {
    in: choice(['bearer', 'header', 'query']),
    name: optional(part.parameterName({ description: 'Of the header or query parameter.' })),
    credentials: optional(
      list(part.credentialKind(), { description: 'Kinds that may stand here; left out: all.' }),
    ),
  },
  { title: 'a mapping with in' },
);

const plan = closed(
  {
    title: text(),
    modules: optional(part.namesOrAll({ description: "Modules it includes; '*' for all." })),
    limits: optional(
      named(part.NAME_PATTERN, part.NAME_TITLE, part.count(), {
        description: 'Limit name → figure in the place of its default.',
      }),
    ),
  },
  { title: 'a mapping with title' },
);

const namedLimit = closed(
  {
    title: text(),
    limit: part.count({ description: 'How many are admitted in a window.' }),
    window: part.window({ description: 'Up to 1h: a rate. Longer, or lifetime: an exact quota.' }),
    per: optional(
      choice(['credential', 'organization', 'identity'], {
        description: 'Who shares a count.',
        default: 'credential',
      }),
    ),
    settable_per_key: optional(
      flag({ description: 'Whether a key may carry its own figure.', default: false }),
    ),
    applies_to: optional(
      list(part.credentialKind(), { description: 'Kinds that count; left out: all.' }),
    ),
  },
  { title: 'a mapping with title, limit and window' },
);

const metering = closed({
  default_meters: optional(list(part.name(), { description: 'Limits every route counts on.' })),
  when_redis_is_away: optional(
    choice(['allow', 'deny'], {
      description: 'Rates when Redis does not answer. Quotas never depend on it.',
      default: DEFAULTS.whenRedisIsAway,
    }),
  ),
});

const credentialRate = optional(part.rate());

const credentialRateLimits = closed(
  {
    api_key: credentialRate,
    access_token: credentialRate,
    service_jwt: credentialRate,
    playground_key: credentialRate,
  },
  { description: 'A rate on every request, by the kind of credential that carries it.' },
);

const route = closed(
  {
    methods: Type.Union(
      [
        Type.Literal('*'),
        Type.Array(choice(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']), {
          minItems: 1,
          uniqueItems: true,
        }),
      ],
      {
        title: "a list of GET, POST, PUT, PATCH, DELETE, or '*' for all",
        description: 'GET brings HEAD with it.',
      },
    ),
    path: part.routePath({
      description: ':name is one segment; a final /* is the rest, if there is any.',
    }),
    scope: optional(part.scopeName()),
    module: optional(part.name()),
    organization_param: optional(
      part.parameterName({
        description: "The :name in the path that must equal the credential's organization.",
      }),
    ),
    meters: optional(
      list(part.name(), { description: 'Limits it counts on, beside the default.' }),
    ),
    playground: optional(flag({ description: 'Open to playground keys.', default: false })),
  },
  { title: 'a mapping with methods and path' },
);

const organizationHeader = closed({
  name: part.headerName(),
  required_for: optional(
    list(part.credentialKind(), { description: 'Kinds that must send it; left out: none.' }),
  ),
});

const userTokens = closed(
  {
    token_path: optional(part.path({ default: DEFAULTS.userTokens.tokenPath })),
    refresh_path: optional(part.path({ default: DEFAULTS.userTokens.refreshPath })),
    field_style: optional(
      choice(['camelCase', 'snake_case'], { default: DEFAULTS.userTokens.fieldStyle }),
    ),
  },
  { description: 'Email and password against a JWT pair. Left out: not offered.' },
);

const serviceJwts = closed(
  {
    max_lifetime: optional(part.duration({ default: DEFAULTS.serviceJwts.maxLifetime })),
    replay_protection: optional(
      choice(['off', 'when_jti', 'required'], { default: DEFAULTS.serviceJwts.replayProtection }),
    ),
  },
  { description: 'JWTs a service account signs itself. Left out: not offered.' },
);

const playgroundKeys = closed(
  {
    environment: part.name(),
    path: optional(part.path({ default: DEFAULTS.playgroundKeys.path })),
    identify_by: optional(
      list(choice(['fingerprint', 'address']), {
        description: 'What makes two strangers the same one.',
        default: DEFAULTS.playgroundKeys.identifyBy,
      }),
    ),
    plan: part.name(),
    organization: optional(
      part.name({
        description: 'The organization they act for, with sample data.',
        default: DEFAULTS.playgroundKeys.organization,
      }),
    ),
    issue_rate: optional(part.rate({ default: DEFAULTS.playgroundKeys.issueRate })),
  },
  { description: 'Keys for strangers without an account. Left out: not offered.' },
);

const lifetime = (key: keyof typeof DEFAULTS.tokens, description: string) =>
  optional(part.duration({ description, default: DEFAULTS.tokens[key] }));

const tokens = closed(
  {
    access_token: lifetime('access_token', '1m to 1d.'),
    id_token: lifetime('id_token', '1m to 1d.'),
    authorization_code: lifetime('authorization_code', '10s to 10m (RFC 6749 §4.1.2).'),
    refresh_token: lifetime('refresh_token', 'Idle: each use starts it anew. 5m to 730d.'),
    grant: lifetime('grant', 'Absolute: no refresh reaches past it. 1h to 3650d.'),
    session: lifetime('session', "A browser's sign-in. 5m to 365d."),
    interaction: lifetime('interaction', 'Time to sign in and consent. 1m to 1d.'),
  },
  { description: 'How long what is issued lasts.' },
);

const oauth = closed({
  refresh_tokens: optional(
    choice(['always', 'offline_access'], { default: DEFAULTS.oauth.refresh_tokens }),
  ),
  signing_key_rotation: optional(
    part.duration({ description: '1d to 365d.', default: DEFAULTS.oauth.signing_key_rotation }),
  ),
  playground: optional(
    flag({ description: 'Offer /playground.', default: DEFAULTS.oauth.playground }),
  ),
});

const webhooks = closed(
  {
    events: named(part.EVENT_PATTERN, part.EVENT_TITLE, text({ description: 'When it is sent.' })),
    signature_header: optional(part.headerName({ default: DEFAULTS.webhooks.signatureHeader })),
    signature_style: optional(
      choice(['timestamped', 'plain'], { default: DEFAULTS.webhooks.signatureStyle }),
    ),
    tolerance: optional(part.duration({ default: DEFAULTS.webhooks.tolerance })),
    delivery_rate: optional(part.rate({ default: DEFAULTS.webhooks.deliveryRate })),
  },
  { description: 'Left out: not offered.' },
);

const template = Type.Unsafe<unknown>({ description: 'JSON with {placeholders} in its strings.' });

const denial = closed(
  {
    status: Type.Integer({ title: 'an HTTP status from 400 to 599', minimum: 400, maximum: 599 }),
    code: text(),
    message: optional(text()),
    headers: optional(
      named('^[A-Za-z][A-Za-z0-9-]*$', 'a header name such as X-Reason', part.headerValue()),
    ),
    body: optional(template),
  },
  { title: 'a mapping with status and code' },
);

const denials = Object.fromEntries(
  DENIAL_REASONS.map((reason) => [reason, optional(denial)]),
) as Record<DenialReason, TOptional<typeof denial>>;

const dialect = closed(
  {
    content_type: optional(part.headerValue({ default: DEFAULTS.contentType })),
    body: optional(template),
    denials: optional(
      closed(denials, { description: 'Canonical reason → status, code and words.' }),
    ),
  },
  { description: 'How denials are worded.' },
);

/** The platform file as written. Its JSON Schema for editors is platforms/platform.schema.json. */
export const PlatformFile = closed(
  {
    id: part.name({ description: 'Short name for machines.' }),
    name: text({ description: 'The name people read.' }),
    language: optional(
      language({ description: 'What the texts below are written in.', default: DEFAULTS.language }),
    ),
    branding: optional(branding),
    issuer: optional(part.url({ description: 'ISSUER in the environment wins over it.' })),
    api,
    scopes: named(part.SCOPE_PATTERN, part.SCOPE_TITLE, scope, {
      description: 'What a credential may do, in the words an end user reads.',
    }),
    permission_sets: optional(named(part.NAME_PATTERN, part.NAME_TITLE, permissionSet)),
    roles: optional(roles),
    api_keys: optional(
      closed({
        default_permission_set: optional(
          part.name({ description: 'For keys made without scopes; left out: refused.' }),
        ),
      }),
    ),
    key_environments: optional(named(part.NAME_PATTERN, part.NAME_TITLE, keyEnvironment)),
    presentations: optional(
      Type.Array(presentation, { minItems: 1, description: 'Where credentials are looked for.' }),
    ),
    modules: optional(named(part.NAME_PATTERN, part.NAME_TITLE, closed({ title: text() }))),
    plans: optional(named(part.NAME_PATTERN, part.NAME_TITLE, plan)),
    default_plan: optional(part.name({ description: 'Left out: the first plan.' })),
    limits: optional(named(part.NAME_PATTERN, part.NAME_TITLE, namedLimit)),
    metering: optional(metering),
    credential_rate_limits: optional(credentialRateLimits),
    routes: optional(Type.Array(route, { maxItems: 5000 })),
    organization_header: optional(organizationHeader),
    user_tokens: optional(userTokens),
    service_jwts: optional(serviceJwts),
    playground_keys: optional(playgroundKeys),
    tokens: optional(tokens),
    sign_up: optional(closed({ enabled: flag({ default: DEFAULTS.signUpEnabled }) })),
    oauth: optional(oauth),
    webhooks: optional(webhooks),
    documentation: optional(documentation),
    translations: optional(translations),
    dialect: optional(dialect),
    upstream: optional(
      closed({
        url: optional(part.url({ description: 'UPSTREAM in the environment wins over it.' })),
        timeout: optional(part.duration({ default: DEFAULTS.upstreamTimeout })),
      }),
    ),
  },
  { title: 'a mapping with id, name, api and scopes' },
);

export type PlatformFile = Static<typeof PlatformFile>;
