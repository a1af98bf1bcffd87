import type { OAuthClient } from '../../oauth/clients/client.ts';
import type { ClientDirectory } from '../../oauth/clients/client-directory.ts';
import type { ClientService } from '../../oauth/clients/clients.service.ts';

/**
 * The client that user tokens belong to: the platform itself. Registered clients have UUIDs, so none can
 * take this name. It has no grant types and no redirect URI: `/oauth/authorize` and `/oauth/token` refuse
 * it. It is public, so that whoever holds one of its tokens can revoke it (RFC 7009 §2.1).
 */
export const PLATFORM_CLIENT_ID = 'platform';

const SYSTEM = { actor: { kind: 'system' } } as const;

/** The platform's client, made when it is wanted for the first time. */
export function createPlatformClient(deps: {
  platformName: string;
  clients: ClientDirectory;
  clientService: Pick<ClientService, 'create' | 'find'>;
}): () => Promise<OAuthClient> {
  const { platformName, clients, clientService } = deps;

  async function create(): Promise<OAuthClient> {
    const metadata = {
      name: platformName,
      grantTypes: [],
      tokenEndpointAuthMethod: 'none',
    } as const;
    const made = await clientService.create(metadata, SYSTEM, { id: PLATFORM_CLIENT_ID });
    if (made.outcome === 'created') return made.client;
    throw new Error(`the platform's own client was refused: ${JSON.stringify(made.problems)}`);
  }

  return async function platformClient() {
    const known = await clients.find(PLATFORM_CLIENT_ID);
    if (known) return known;
    try {
      return await create();
    } catch (error) {
      // Of several that make it at the same moment, one does.
      const theirs = await clientService.find(PLATFORM_CLIENT_ID);
      if (!theirs) throw error;
      return theirs;
    }
  };
}
