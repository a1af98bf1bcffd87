import type { ExtraClientMetadata } from './clients/provider-metadata.ts';

/** What Gatehouse put on oidc-provider's Client; see clients/provider-metadata.ts. */
export const extraOf = (client: object): ExtraClientMetadata =>
  client as unknown as ExtraClientMetadata;
