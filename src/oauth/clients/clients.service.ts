import { errors } from 'oidc-provider';
import type { AuditContext } from '../../audit/audit.ts';
import { environmentsOf } from '../../credentials/api-keys/api-key-rules.ts';
import { boundsOf, type Maker, OPERATOR } from '../../credentials/maker.ts';
import { createScopePolicy } from '../../credentials/scope-policy.ts';
import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import { type MasterKey, newSecret } from '../../lib/master-key.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ProviderHost } from '../provider-host.ts';
import { redirectUriProblem } from '../redirect-uris.ts';
import type { Revocations } from '../revocations.store.ts';
import { PROTOCOL_SCOPES } from '../scopes.ts';
import type { ClientSecret, NewClient, OAuthClient } from './client.ts';
import {
  deleteClient,
  findClient,
  insertClient,
  listClients,
  rotateClientSecret,
  updateClient,
} from './clients.store.ts';
import { toProviderMetadata } from './provider-metadata.ts';
import { privateMembersOf } from './public-keys.ts';

/** What is wrong with a client's metadata: the field in the words of RFC 7591, and how to mend it. */
export interface ClientProblem {
  readonly field: string;
  readonly message: string;
}

/** Metadata as registered; what is left out gets its default. */
export type ClientInput = Partial<Omit<NewClient, 'id'>> & { readonly name: string };

export type CreateClientOutcome =
  | { outcome: 'created'; client: OAuthClient; secret: string | undefined }
  | ClientRefusal;

export type UpdateClientOutcome =
  | { outcome: 'updated'; client: OAuthClient }
  | ClientRefusal
  | { outcome: 'not_found' };

/** `beyond`: the client could ask for more than whoever makes or changes it holds. */
export type ClientRefusal = { outcome: 'invalid' | 'beyond'; problems: ClientProblem[] };

export type ClientService = ReturnType<typeof createClientService>;

/** Registering and changing OAuth clients. Secrets leave here once, when they are made. */
export function createClientService(deps: {
  database: Database;
  platform: Platform;
  clock: Clock;
  masterKey: MasterKey;
  host: ProviderHost;
  revocations: Revocations;
}) {
  const { database, clock, masterKey, revocations } = deps;
  const knownScopes = new Set(deps.platform.scopes.map((scope) => scope.name));
  const excessOf = createExcessOf(deps.platform);

  function makeSecret(): { secret: string; stored: ClientSecret } {
    const secret = `ghcs_${newSecret(32)}`;
    const hint = `ghcs_…${secret.slice(-4)}`;
    const stored = {
      id: newId(clock.now()),
      hash: masterKey.hashSecret(secret),
      hint,
      expiresAt: null,
    };
    return { secret, stored };
  }

  async function problemsOf(client: NewClient): Promise<ClientProblem[]> {
    const problems = ownRules(client, deps.platform);
    if (problems.length > 0) return problems;
    try {
      // The library's rules are the ones the endpoints will hold it to.
      await deps.host.current.Client.validate(toProviderMetadata(client, knownScopes) as never);
      return [];
    } catch (error) {
      if (!(error instanceof errors.InvalidClientMetadata)) throw error;
      const message = error.error_description ?? error.message;
      return [{ field: message.split(' ')[0] ?? 'client', message }];
    }
  }

  return {
    async create(
      input: ClientInput,
      audit: AuditContext,
      { id, maker = OPERATOR }: { id?: string; maker?: Maker } = {},
    ): Promise<CreateClientOutcome> {
      const now = clock.now();
      const client = withDefaults({ ...input, id: id ?? newId(now) });
      const problems = await problemsOf(client);
      if (problems.length > 0) return { outcome: 'invalid', problems };
      const excess = excessOf(client, maker);
      if (excess.length > 0) return { outcome: 'beyond', problems: excess };
      const made = usesSecret(client) ? makeSecret() : undefined;
      await insertClient(database, client, made?.stored, now, audit);
      const created = await findClient(database.pool, client.id);
      return { outcome: 'created', client: created!, secret: made?.secret };
    },

    find: (id: string) => findClient(database.pool, id),
    list: (filter: Parameters<typeof listClients>[1]) => listClients(database.pool, filter),

    excessOf,

    /**
     * Changes the fields given; two who change different fields at once both get their way. Whoever holds
     * less than the client may ask for can only shut it out.
     */
    async update(
      id: string,
      changes: Partial<ClientInput> & { disabled?: boolean },
      audit: AuditContext,
      maker: Maker = OPERATOR,
    ): Promise<UpdateClientOutcome> {
      const isShutOut = changes.disabled === true && Object.keys(changes).length === 1;
      for (;;) {
        const current = await findClient(database.pool, id);
        const isTheirs =
          maker.organizationId === null || maker.organizationId === current?.organizationId;
        if (!current || !isTheirs) return { outcome: 'not_found' };
        const changed = {
          ...withDefaults({ ...current, ...changes, id }),
          disabled: changes.disabled ?? current.disabled,
        };
        const problems = await problemsOf(changed);
        if (problems.length > 0) return { outcome: 'invalid', problems };
        const excess = isShutOut ? [] : excessOf(changed, maker);
        if (excess.length > 0) return { outcome: 'beyond', problems: excess };
        const { updatedAt } = current;
        if (await updateClient(database, changed, updatedAt, clock.now(), revocations, audit)) {
          return { outcome: 'updated', client: (await findClient(database.pool, id))! };
        }
      }
    },

    delete: (client: OAuthClient, audit: AuditContext) =>
      deleteClient(database, client, clock.now(), revocations, audit),

    /** @param overlapSeconds how long the old secret goes on working; 0 ends it at once */
    async rotateSecret(
      client: OAuthClient,
      overlapSeconds: number,
      audit: AuditContext,
    ): Promise<string> {
      const { secret, stored } = makeSecret();
      const now = clock.now();
      const oldExpireAt = new Date(now.getTime() + overlapSeconds * 1000);
      await rotateClientSecret(database, client, stored, oldExpireAt, now, audit);
      return secret;
    },
  };
}

/**
 * What a client could get beyond its maker, so that whoever makes or takes over one gains nothing: scopes,
 * and what holds a key back and no client.
 */
function createExcessOf(platform: Platform) {
  const scopePolicy = createScopePolicy(platform);
  const [environment] = environmentsOf(platform);

  return function excessOf(client: Pick<NewClient, 'scopes'>, maker: Maker): ClientProblem[] {
    if (maker.organizationId === null) return [];
    const lacking = scopePolicy.beyond(client.scopes, maker.scopes);
    const bounds = boundsOf(maker, environment?.name);
    const tooMuch = `a client cannot have more than its maker, who lacks: ${lacking.join(', ')}`;
    const unbound = `a client would not be held back by ${bounds.join(', ')}, as the key that makes it is; use another credential`;
    return [
      ...(lacking.length > 0 ? [{ field: 'scope', message: tooMuch }] : []),
      ...(bounds.length > 0 ? [{ field: '', message: unbound }] : []),
    ];
  };
}

const usesSecret = (client: NewClient) =>
  client.tokenEndpointAuthMethod.startsWith('client_secret_');

function withDefaults(input: ClientInput & { id: string }): NewClient {
  const redirectUris = input.redirectUris ?? [];
  const grantTypes = input.grantTypes ?? ['authorization_code', 'refresh_token'];
  const hasCode = grantTypes.includes('authorization_code');
  const ownScheme = redirectUris.some((uri) => !/^https?:/i.test(uri));
  return {
    id: input.id,
    organizationId: input.organizationId ?? null,
    name: input.name,
    applicationType: input.applicationType ?? (ownScheme ? 'native' : 'web'),
    redirectUris,
    postLogoutRedirectUris: input.postLogoutRedirectUris ?? [],
    grantTypes,
    responseTypes: hasCode ? ['code'] : [],
    scopes: input.scopes ?? [],
    tokenEndpointAuthMethod: input.tokenEndpointAuthMethod ?? 'client_secret_basic',
    tokenEndpointAuthAlg: input.tokenEndpointAuthAlg ?? null,
    jwks: input.jwks ?? null,
    jwksUri: input.jwksUri ?? null,
    clientUri: input.clientUri ?? null,
    logoUri: input.logoUri ?? null,
    policyUri: input.policyUri ?? null,
    tosUri: input.tosUri ?? null,
    contacts: input.contacts ?? [],
    requirePkce: input.requirePkce ?? true,
    requirePushedRequests: input.requirePushedRequests ?? false,
    introspectionAudiences: input.introspectionAudiences ?? [],
  };
}

/** What Gatehouse demands beyond the library. All problems at once. */
function ownRules(client: NewClient, platform: Platform): ClientProblem[] {
  const problems: ClientProblem[] = [];
  const report = (field: string, message: string) => problems.push({ field, message });

  for (const field of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    const name = field === 'redirectUris' ? 'redirect_uris' : 'post_logout_redirect_uris';
    for (const uri of client[field]) {
      const problem = redirectUriProblem(uri);
      if (problem) report(name, `${JSON.stringify(uri)} ${problem}`);
    }
  }
  if (client.grantTypes.includes('authorization_code') && client.redirectUris.length === 0) {
    report('redirect_uris', 'at least one is needed for the authorization_code grant');
  }
  const known = new Set(platform.scopes.map((scope) => scope.name));
  for (const scope of client.scopes) {
    if (!known.has(scope) && !PROTOCOL_SCOPES.has(scope)) {
      report('scope', `${JSON.stringify(scope)} is not a scope of this platform`);
    }
  }
  const isPublic = client.tokenEndpointAuthMethod === 'none';
  if (isPublic && client.grantTypes.includes('client_credentials')) {
    report('grant_types', 'client_credentials needs a client that authenticates (RFC 6749 §4.4)');
  }
  if (isPublic && !client.requirePkce) {
    report('require_pkce', 'a public client cannot go without PKCE (RFC 9700 §2.1.1)');
  }
  if (client.jwks?.keys.some((key) => privateMembersOf(key).length > 0)) {
    report('jwks', 'holds a private or symmetric key; register the public half only');
  }
  if (client.tokenEndpointAuthMethod === 'private_key_jwt' && !client.jwks && !client.jwksUri) {
    report('jwks', 'private_key_jwt needs the public keys: jwks or jwks_uri');
  }
  return problems;
}
