import { isDeepStrictEqual } from 'node:util';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { ClientInput, ClientService } from '../oauth/clients/clients.service.ts';
import { PLAYGROUND_CLIENT_ID } from '../oauth/clients/house-clients.ts';
import type { Platform } from '../platform/platform.ts';

/** Where the browser comes back to from `/oauth/authorize`, below the issuer. */
export const CALLBACK_PATH = '/playground/callback';

const SYSTEM = { actor: { kind: 'system' } } as const;

/**
 * The client of the playground: public, with every scope that a user may grant. Made, or brought up to date
 * with the platform file, by the first who opens the page in a process.
 *
 * @returns resolves when it is there; a failure is not remembered
 */
export function createPlaygroundClient(deps: {
  platform: Platform;
  issuer: string;
  clientService: Pick<ClientService, 'create' | 'find' | 'update'>;
}): () => Promise<void> {
  const { clientService } = deps;
  const wanted = {
    name: 'OAuth playground',
    redirectUris: [deps.issuer + CALLBACK_PATH],
    grantTypes: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
    scopes: deps.platform.scopes.map(({ name }) => name),
  } as const satisfies ClientInput;
  let ensured: Promise<void> | undefined;

  async function ensure(): Promise<void> {
    const known = await clientService.find(PLAYGROUND_CLIENT_ID);
    if (known && isAsWanted(known, wanted)) return;
    const outcome = known
      ? await clientService.update(PLAYGROUND_CLIENT_ID, wanted, SYSTEM)
      : await create();
    if (outcome.outcome === 'created' || outcome.outcome === 'updated') return;
    throw new Error(`the playground's client was refused: ${JSON.stringify(outcome)}`);
  }

  async function create() {
    try {
      return await clientService.create(wanted, SYSTEM, { id: PLAYGROUND_CLIENT_ID });
    } catch (error) {
      // Of several that make it at the same moment, one does.
      if (await clientService.find(PLAYGROUND_CLIENT_ID)) return { outcome: 'created' } as const;
      throw error;
    }
  }

  return function playgroundClient() {
    ensured ??= ensure().catch((error: unknown) => {
      ensured = undefined;
      throw error;
    });
    return ensured;
  };
}

const isAsWanted = (client: OAuthClient, wanted: ClientInput) =>
  isDeepStrictEqual(
    [client.name, client.scopes, client.redirectUris],
    [wanted.name, wanted.scopes, wanted.redirectUris],
  );
