import type Provider from 'oidc-provider';
import type { ServiceAccount } from '../../credentials/service-accounts/service-account.ts';
import type { Platform } from '../../platform/platform.ts';
import type { OAuthClient } from '../clients/client.ts';
import { bindInstance, type ProviderClient } from '../clients/client-instances.ts';
import { toProviderMetadata } from '../clients/provider-metadata.ts';

/** Service accounts as the library's clients: for the time of one request, and found under no client_id. */
export interface AccountClients {
  of(account: ServiceAccount): ProviderClient;
  /** A client that may do nothing but send an assertion. */
  nobody(id: string): ProviderClient;
}

export function createAccountClients(
  provider: Provider,
  deps: {
    platform: Platform;
    grantType: string;
    /** With everything they imply, so that a token can be asked for with less. */
    expandScopes?: (scopes: readonly string[]) => ReadonlySet<string>;
  },
): AccountClients {
  const { grantType, expandScopes = () => new Set<string>() } = deps;
  const knownScopes = new Set(deps.platform.scopes.map((scope) => scope.name));
  const Client = provider.Client as unknown as new (metadata: object) => ProviderClient;
  const instances = new WeakMap<ServiceAccount, ProviderClient>();

  function make(client: OAuthClient): ProviderClient {
    const metadata = { ...toProviderMetadata(client, knownScopes), grant_types: [grantType] };
    const made = new Client(metadata);
    bindInstance(made, client);
    return made;
  }

  return {
    of(account) {
      const known = instances.get(account);
      if (known) return known;
      const { id, organizationId, name, createdAt, updatedAt } = account;
      const scopes = [...expandScopes(account.scopes)];
      const made = make({
        ...NOTHING,
        ...{ id, organizationId, name, createdAt, updatedAt, scopes },
      });
      instances.set(account, made);
      return made;
    },
    nobody: (id) => make({ ...NOTHING, id, name: id }),
  };
}

const BEGINNING = new Date(0);

/** A client with no way to do anything. */
const NOTHING: Omit<OAuthClient, 'id' | 'name'> = {
  organizationId: null,
  organizationName: null,
  applicationType: 'web',
  redirectUris: [],
  postLogoutRedirectUris: [],
  grantTypes: [],
  responseTypes: [],
  scopes: [],
  tokenEndpointAuthMethod: 'none',
  tokenEndpointAuthAlg: null,
  jwks: null,
  jwksUri: null,
  clientUri: null,
  logoUri: null,
  policyUri: null,
  tosUri: null,
  contacts: [],
  requirePkce: true,
  requirePushedRequests: false,
  introspectionAudiences: [],
  secrets: [],
  disabled: false,
  createdBy: null,
  createdAt: BEGINNING,
  updatedAt: BEGINNING,
};
