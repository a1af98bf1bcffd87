import { toProviderMetadata } from '../clients/provider-metadata.ts';
import type { AdapterDependencies, ModelAdapter } from './adapter.ts';

/** Clients come from the directory's cache; they are written by the client service, never from here. */
export function createClientAdapter({ clients }: AdapterDependencies): ModelAdapter {
  return {
    async find(id) {
      const client = await clients.find(id);
      return client && !client.disabled ? toProviderMetadata(client) : undefined;
    },
  };
}
