import { environmentsOf } from '../credentials/api-keys/api-key-rules.ts';
import { type MakersColumn, toMakers } from '../credentials/api-keys/lineage.store.ts';
import { heldBy } from '../credentials/api-keys/lineage.ts';
import type { Maker } from '../credentials/maker.ts';
import { roleExcess } from '../credentials/role-reach.ts';
import { createScopePolicy } from '../credentials/scope-policy.ts';
import type { Platform } from '../platform/platform.ts';
import type { Role } from './identity.ts';
import { type Invitation, mayGive } from './invitation.ts';

/** Who sent an invitation, as they are at this moment. */
export type Sender =
  | { readonly kind: 'operator' }
  | { readonly kind: 'user'; readonly role: Role }
  | ({
      readonly kind: 'api_key';
      readonly environment: string;
      /** The keys that it descends from. */
      readonly makers: MakersColumn;
    } & Pick<Required<Maker>, 'expiresAt' | 'allowedAddresses' | 'limits'> &
      Granted)
  /** A client, or a service account. */
  | ({ readonly kind: 'service' } & Granted);

interface Granted {
  /** As they were granted, without what they imply. */
  readonly scopes: readonly string[];
}

/**
 * Whether who sent an invitation could send it at this moment; a sender that is undefined no longer works,
 * or has left.
 */
export type IsBacked = (
  invitation: Pick<Invitation, 'organizationId' | 'role'>,
  sender: Sender | undefined,
) => boolean;

/** What is asked of a credential that sends an invitation, asked again. */
export function createBacking(platform: Platform): IsBacked {
  const scopePolicy = createScopePolicy(platform);
  const environments = environmentsOf(platform);
  const managing = platform.scopes.filter(({ manages }) => manages.includes('memberships'));

  /** What a credential may hand on; undefined: it works no more, or a key it descends from doesn't. */
  function makerOf(
    sender: Sender & { kind: 'api_key' | 'service' },
    organizationId: string,
  ): (Maker & { scopes: ReadonlySet<string> }) | undefined {
    if (sender.kind === 'service') {
      return { organizationId, scopes: scopePolicy.expand(sender.scopes) };
    }
    const environment = environments.find(({ name }) => name === sender.environment);
    const own = { ...sender, isShutOut: false };
    const held = heldBy([own, ...toMakers(sender.makers)], scopePolicy);
    if (!environment || held.isShutOut) return undefined;
    return { ...held, organizationId, scopes: scopePolicy.within(held.scopes, environment) };
  }

  return function isBacked({ organizationId, role }, sender) {
    if (!sender) return false;
    if (sender.kind === 'operator') return true;
    if (sender.kind === 'user') return mayGive(sender.role, role);
    const maker = makerOf(sender, organizationId);
    if (!maker || !managing.some(({ name }) => maker.scopes.has(name))) return false;
    return roleExcess({ platform, scopePolicy }, maker, role) === undefined;
  };
}
