import type { JSONWebKeySet, JWK } from 'jose';
import { type Static, type TProperties, Type } from 'typebox';
import type { ClientAuthMethod, GrantType, OAuthClient } from '../oauth/clients/client.ts';
import type { ClientInput } from '../oauth/clients/clients.service.ts';
import { privateMembersOf } from '../oauth/clients/public-keys.ts';
import { splitScope } from '../oauth/scopes.ts';
import { MaybeCreatedBy, toCreatedBy } from './created-by.ts';
import type { FieldError } from './problems.ts';
import * as s from './schemas.ts';

const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
] as const satisfies readonly GrantType[];

const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const satisfies readonly ClientAuthMethod[];

const SIGNING_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'];

const uri = (description: string) => s.text(1, 2000, { format: 'uri', description });

/** The public members of a key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2): all that is stored and shown. */
const PUBLIC_KEY_MEMBERS = {
  kty: s.text(1, 20),
  ...optionals(['use', 'alg', 'crv'], s.text(1, 50)),
  ...optionals(['kid', 'x5u', 'x5t', 'x5t#S256'], s.text(1, 2000)),
  ...optionals(['x', 'y', 'n', 'e'], s.text(1, 4000)),
  key_ops: s.optional(s.list(s.text(1, 50), 20)),
  x5c: s.optional(s.list(s.text(1, 20_000), 10)),
};

export const PublicKeys = s.closed(
  { keys: Type.Array(s.closed(PUBLIC_KEY_MEMBERS), { maxItems: 50 }) },
  { $id: 'PublicKeys', description: 'Public keys as a JWK Set (RFC 7517 §5).' },
);

const GivenKeys = Type.Object(
  {
    keys: Type.Array(Type.Object(PUBLIC_KEY_MEMBERS, { additionalProperties: true }), {
      ...{ minItems: 1, maxItems: 50 },
    }),
  },
  {
    additionalProperties: false,
    description: 'Public keys as a JWK Set (RFC 7517 §5). Members nobody knows are not kept.',
  },
);

/** What may be said of a client, at first and later (RFC 7591 §2). */
export const METADATA = {
  redirect_uris: s.list(uri('Compared as a whole; see RFC 9700 §2.1.'), 100),
  post_logout_redirect_uris: s.list(uri('Where a sign-out may lead.'), 100),
  grant_types: s.list(s.choice(GRANT_TYPES), GRANT_TYPES.length, {
    description:
      'By default authorization_code and refresh_token for a client with redirect_uris, else client_credentials.',
  }),
  token_endpoint_auth_method: s.choice(AUTH_METHODS, {
    description: 'How it authenticates; none for a public client. By default client_secret_basic.',
  }),
  token_endpoint_auth_signing_alg: s.nullable(s.choice(SIGNING_ALGORITHMS), {
    description: 'The one algorithm of its assertions; null: any of these.',
  }),
  scope: Type.String({
    maxLength: 20_000,
    description: 'Every scope it may ask for, separated by spaces. By default none.',
  }),
  jwks: s.nullable(GivenKeys),
  jwks_uri: s.nullable(uri('Where it publishes its keys, instead of jwks.')),
  client_uri: s.nullable(uri('Its home page.')),
  logo_uri: s.nullable(uri('Its logo.')),
  policy_uri: s.nullable(uri('Its privacy policy.')),
  tos_uri: s.nullable(uri('Its terms of service.')),
  contacts: s.list(s.text(1, 254), 20, { description: 'Who answers for it, e.g. by e-mail.' }),
  application_type: s.choice(['web', 'native'], {
    description: 'By default native for a client with a redirect URI of its own scheme, else web.',
  }),
  require_pkce: Type.Boolean({
    description: 'By default true (RFC 7636). Only a confidential client can go without.',
  }),
  require_pushed_authorization_requests: Type.Boolean({
    description: 'Whether its authorization requests must be pushed (RFC 9126 §6).',
  }),
  introspection_audiences: s.list(s.text(1, 2000), 100, {
    description: 'The resources it serves: it may introspect their tokens (RFC 7662 §2.1).',
  }),
};

export const clientName = s.text(1, 200, { description: 'What the consent page calls it.' });

/** A metadata object in which everything may be left out. */
const SomeMetadata = s.closed(allOptional(METADATA));
export type SomeMetadata = Static<typeof SomeMetadata>;

/** A client as it is shown. Secrets are known by their hints. */
export const Client = s.closed(
  {
    client_id: s.idOf('the client'),
    client_id_issued_at: Type.Integer({ description: 'Seconds since the epoch.' }),
    name: Type.String(),
    organization_id: s.nullable(s.idOf('its organization'), {
      description: "Null: the operator's own client, bound to no tenant.",
    }),
    ...METADATA,
    response_types: Type.Array(Type.String()),
    jwks: Type.Union([s.ref(PublicKeys), Type.Null()]),
    disabled: Type.Boolean({ description: 'Whether it is shut out.' }),
    secrets: Type.Array(
      s.closed({
        hint: Type.String({ description: 'How it begins and ends.' }),
        expires_at: s.nullableTimestamp('When it stops working; null: not by itself'),
      }),
      { description: 'Two while one is being rotated out; none without a secret.' },
    ),
    created_by: MaybeCreatedBy,
    updated_at: s.timestamp('When it was last changed'),
  },
  { $id: 'Client', description: 'An OAuth 2 client (RFC 7591 §2).' },
);

const secret = {
  client_secret: s.optional(
    Type.String({ description: 'Shown this once; absent for a client that has none.' }),
  ),
  client_secret_expires_at: s.optional(
    Type.Integer({ description: 'Seconds since the epoch; 0: never (RFC 7591 §3.2.1).' }),
  ),
};

export const RegisteredClient = s.closed(
  { ...Client.properties, ...secret },
  { $id: 'RegisteredClient', description: 'A client that was just made.' },
);

/** Private members in the keys of a client: nobody but the client may hold those. */
export function privateKeyErrors(jwks: SomeMetadata['jwks']): FieldError[] {
  return (jwks?.keys ?? []).flatMap((key, index) =>
    privateMembersOf(key).map(
      (member): FieldError => ({
        in: 'body',
        path: `jwks.keys[${index}].${member}`,
        message: 'is part of a private key; send the public part alone',
      }),
    ),
  );
}

/** Metadata in the words of the service; what was left out stays out. */
export function toClientInput(metadata: SomeMetadata): Partial<ClientInput> {
  const input: Partial<ClientInput> = {
    redirectUris: metadata.redirect_uris,
    postLogoutRedirectUris: metadata.post_logout_redirect_uris,
    grantTypes: metadata.grant_types,
    tokenEndpointAuthMethod: metadata.token_endpoint_auth_method,
    tokenEndpointAuthAlg: metadata.token_endpoint_auth_signing_alg,
    scopes: metadata.scope === undefined ? undefined : splitScope(metadata.scope),
    jwks: metadata.jwks && publicPart(metadata.jwks as JSONWebKeySet),
    jwksUri: metadata.jwks_uri,
    clientUri: metadata.client_uri,
    logoUri: metadata.logo_uri,
    policyUri: metadata.policy_uri,
    tosUri: metadata.tos_uri,
    contacts: metadata.contacts,
    applicationType: metadata.application_type,
    requirePkce: metadata.require_pkce,
    requirePushedRequests: metadata.require_pushed_authorization_requests,
    introspectionAudiences: metadata.introspection_audiences,
  };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

export function toClient(client: OAuthClient): Static<typeof Client> {
  return {
    client_id: client.id,
    client_id_issued_at: Math.floor(client.createdAt.getTime() / 1000),
    name: client.name,
    organization_id: client.organizationId,
    application_type: client.applicationType,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: [...client.responseTypes],
    scope: client.scopes.join(' '),
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    token_endpoint_auth_signing_alg: client.tokenEndpointAuthAlg,
    jwks: client.jwks && (publicPart(client.jwks) as Static<typeof PublicKeys>),
    jwks_uri: client.jwksUri,
    client_uri: client.clientUri,
    logo_uri: client.logoUri,
    policy_uri: client.policyUri,
    tos_uri: client.tosUri,
    contacts: [...client.contacts],
    require_pkce: client.requirePkce,
    require_pushed_authorization_requests: client.requirePushedRequests,
    introspection_audiences: [...client.introspectionAudiences],
    disabled: client.disabled,
    secrets: client.secrets.map(({ hint, expiresAt }) => ({
      hint,
      expires_at: expiresAt?.toISOString() ?? null,
    })),
    created_by: client.createdBy && toCreatedBy(client.createdBy),
    updated_at: client.updatedAt.toISOString(),
  };
}

function publicPart({ keys }: JSONWebKeySet): JSONWebKeySet {
  const isPublic = ([name]: [string, unknown]) => Object.hasOwn(PUBLIC_KEY_MEMBERS, name);
  return {
    keys: keys.map((key) => Object.fromEntries(Object.entries(key).filter(isPublic)) as JWK),
  };
}

function optionals<const Name extends string>(
  names: readonly Name[],
  schema: ReturnType<typeof s.text>,
) {
  type Optional = ReturnType<typeof s.optional<typeof schema>>;
  const entries = names.map((name) => [name, s.optional(schema)]);
  return Object.fromEntries(entries) as { [Key in Name]: Optional };
}

type AllOptional<T extends TProperties> = {
  [Key in keyof T]: ReturnType<typeof s.optional<T[Key]>>;
};

/** The same properties, none of them required. */
export function allOptional<const T extends TProperties>(properties: T): AllOptional<T> {
  const entries = Object.entries(properties).map(([name, schema]) => [name, s.optional(schema)]);
  return Object.fromEntries(entries) as AllOptional<T>;
}
