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

export type ApiKeyStatus = 'active' | 'disabled' | 'expired' | 'revoked';

export function statusOf(key: ApiKey, now: Date): ApiKeyStatus {
  if (key.revokedAt) return 'revoked';
  if (key.disabledAt) return 'disabled';
  return key.expiresAt && key.expiresAt <= now ? 'expired' : 'active';
}
