import type { Principal } from '../../gate/principal.ts';
import type { PlaygroundKeys } from '../../platform/platform.ts';

/** The platform's policy, where there is one. */
export type PlaygroundPolicy = Extract<PlaygroundKeys, { enabled: true }>;

/** How long a playground key is good for: 30 days, in milliseconds. What it counts on lasts longer. */
export const KEY_LIFETIME_MS = 30 * 24 * 60 * 60_000;

/**
 * Who calls with a playground key. Limits count by the identity, never by the key: a new one is no fresh
 * start.
 */
export const playgroundPrincipal = (policy: PlaygroundPolicy, identity: string): Principal => ({
  kind: 'playground_key',
  id: identity,
  subject: identity,
  organizationId: policy.organizationId,
  environment: policy.environment,
  scopes: new Set(),
  limits: {},
  identity,
});
