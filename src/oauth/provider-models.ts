import { decodeJwt } from 'jose';
import Provider, { errors } from 'oidc-provider';
import type { Clock } from '../lib/clock.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { Platform } from '../platform/platform.ts';
import type { OAuthClient } from './clients/client.ts';
import type { ClientDirectory } from './clients/client-directory.ts';
import { bindInstance, clientOf, type ProviderClient } from './clients/client-instances.ts';
import { secretMatches, toProviderMetadata } from './clients/provider-metadata.ts';
import { isLoopbackRedirect } from './redirect-uris.ts';
import { askDatabase } from './unavailable.ts';

export interface ModelDependencies {
  readonly clients: ClientDirectory;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly platform: Platform;
}

/** Where oidc-provider's models are ours: how clients are found and prove themselves, what a grant holds. */
export function extendModels(provider: Provider, deps: ModelDependencies): void {
  useDirectory(provider, deps);
  useHashedSecrets(provider, deps);
  keepSessionIdentifier(provider);
  nameReplayedProofs(provider);
  const inPayload = provider.Grant.IN_PAYLOAD as string[];
  Object.defineProperty(provider.Grant, 'IN_PAYLOAD', {
    value: [...inPayload, 'organizationId', 'consentId'],
  });
}

/**
 * The library would serialise and hash a client's metadata at every request to find the instance it
 * made before, and keeps a hundred. Here the instance belongs to the cached row.
 */
function useDirectory(provider: Provider, { clients, platform }: ModelDependencies): void {
  const knownScopes = new Set(platform.scopes.map((scope) => scope.name));
  const instances = new WeakMap<OAuthClient, ProviderClient>();
  const Client = provider.Client as unknown as new (metadata: object) => ProviderClient;

  provider.Client.find = async (id) => {
    if (typeof id !== 'string' || id === '') return undefined;
    const client = await askDatabase(() => clients.find(id));
    if (!client || client.disabled) return undefined;
    const known = instances.get(client);
    if (known) return known;
    const made = new Client(toProviderMetadata(client, knownScopes));
    bindInstance(made, client);
    instances.set(client, made);
    return made;
  };
}

/**
 * The library gives a session a new identifier whenever an authorization resumes, so of two tabs that
 * resume at once one finds its session gone. Ours changes where somebody signs in, before the resume (see
 * sessions/browser-sessions.ts): that is the moment a planted identifier must not outlive.
 */
function keepSessionIdentifier(provider: Provider): void {
  Object.assign(provider.Session.prototype, { resetIdentifier() {} });
}

/**
 * A DPoP proof that was used before is `invalid_dpop_proof` (RFC 9449 §5). The library says
 * `invalid_grant`, after which clients throw a good refresh token away.
 */
function nameReplayedProofs(provider: Provider): void {
  const { ReplayDetection } = provider;
  const isFirst = ReplayDetection.unique;
  ReplayDetection.unique = async function (issuer, jti, expiresAt) {
    if (await isFirst.call(this, issuer, jti, expiresAt)) return true;
    if (jti !== jtiOfProof(Provider.ctx?.get('DPoP'))) return false;
    throw new errors.InvalidDpopProof('the DPoP proof was used before');
  };
}

/**
 * Not verified: it only names a refusal, whether of the proof or of a client's assertion with the same jti.
 */
function jtiOfProof(proof: string | undefined): unknown {
  try {
    return proof && decodeJwt(proof).jti;
  } catch {
    return undefined;
  }
}

interface AuthenticatingClient {
  clientAuthMethod: string;
  redirectUris?: string[];
}

function useHashedSecrets(provider: Provider, { masterKey, clock }: ModelDependencies): void {
  const client = provider.Client.prototype as unknown as {
    compareClientSecret(this: object, presented: string): boolean;
    redirectUriAllowed(this: AuthenticatingClient, uri: string): boolean;
  };
  client.compareClientSecret = function (presented) {
    return secretMatches(clientOf(this).secrets, presented, masterKey, clock.now());
  };
  const allowed = client.redirectUriAllowed;
  client.redirectUriAllowed = function (uri) {
    if (allowed.call(this, uri)) return true;
    return this.clientAuthMethod === 'none' && isLoopbackRedirect(uri, this.redirectUris ?? []);
  };
}
