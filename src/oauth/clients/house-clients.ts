import type { Platform } from '../../platform/platform.ts';
import type { OAuthClient } from './client.ts';

/** The playground's own client. Registered clients have UUIDs, so none can take this name. */
export const PLAYGROUND_CLIENT_ID = 'gatehouse-playground';

/** Who stands behind an app, as people are told; undefined: nobody whom we know. */
export function publisherOf(client: OAuthClient, platform: Platform): string | undefined {
  if (client.id === PLAYGROUND_CLIENT_ID) return platform.name;
  return client.organizationName ?? undefined;
}
