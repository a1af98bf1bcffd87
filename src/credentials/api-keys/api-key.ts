import type { AuditActor } from '../../audit/audit.ts';

/** A key for the platform's API, as the rest of Gatehouse sees it. Its secret is known to nobody. */
export interface ApiKey {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly environment: string;
  /** The bundle it was made with; what counts is {@link ApiKey.scopes}. */
  readonly permissionSet: string | null;
  /** Exactly what it may do; empty is nothing. */
  readonly scopes: readonly string[];
  /** Limit name → figure of its own. */
  readonly limits: Readonly<Record<string, number>>;
  /** Addresses and CIDR ranges it may come from; empty is anywhere. */
  readonly allowedAddresses: readonly string[];
  readonly createdBy: { readonly kind: AuditActor['kind']; readonly id: string | null };
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly expiresAt: Date | null;
  readonly disabledAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** The one that stays first; during a rotation there are two. */
  readonly secrets: readonly ApiKeySecret[];
}

export interface ApiKeySecret {
  readonly id: string;
  /** How the key begins and ends. */
  readonly hint: string;
  readonly createdAt: Date;
  /** Null: as long as the key lives. */
  readonly expiresAt: Date | null;
}

/** A key with those it descends from: what the gate makes of it depends on them, too. */
export interface ApiKeyInLine extends ApiKey {
  /** Nearest first. */
  readonly above: readonly KeyAbove[];
}

/** A key that another descends from, as far as it can shut that one out. */
export interface KeyAbove extends Pick<ApiKey, 'expiresAt' | 'disabledAt' | 'revokedAt'> {
  /** Null: it is another organization's, and nobody here learns which. */
  readonly id: string | null;
}

/** What a key is by itself, see {@link shutOutBy}. */
export type ApiKeyStatus = 'active' | 'disabled' | 'expired' | 'revoked';

export function statusOf(
  key: Pick<ApiKey, 'revokedAt' | 'disabledAt' | 'expiresAt'>,
  now: Date,
): ApiKeyStatus {
  if (key.revokedAt) return 'revoked';
  if (key.disabledAt) return 'disabled';
  return key.expiresAt && key.expiresAt <= now ? 'expired' : 'active';
}

/** Which key shuts another out that descends from it, and why. */
export interface ShutOutBy {
  readonly id: string | null;
  readonly status: Exclude<ApiKeyStatus, 'active'>;
}

/**
 * The nearest key above this one that does not work: as long as it does not, the gate refuses this one, too,
 * whatever its own status. Undefined: there is none, or this one has ended for good itself.
 */
export function shutOutBy(key: ApiKeyInLine, now: Date): ShutOutBy | undefined {
  if (key.revokedAt) return undefined;
  for (const above of key.above) {
    const status = statusOf(above, now);
    if (status !== 'active') return { id: above.id, status };
  }
  return undefined;
}
