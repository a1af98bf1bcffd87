import type { AuditActor } from '../../audit/audit.ts';

/** A program of an organization's that proves who it is by signing, with keys of its own making. */
export interface ServiceAccount {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  /** Exactly what it may do; empty is nothing. */
  readonly scopes: readonly string[];
  /** One, or several while one takes the place of another. */
  readonly keys: readonly PublicKey[];
  /** When each was put in, by kid. */
  readonly keysAddedAt: ReadonlyMap<string, Date>;
  readonly createdBy: { readonly kind: AuditActor['kind']; readonly id: string | null };
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly disabledAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** What a registered key may sign with; nothing symmetric, and not `none` (RFC 8725 §3.1, §3.2). */
export type SigningAlgorithm = 'ES256' | 'ES384' | 'EdDSA' | 'RS256' | 'PS256';

/** A registered key (RFC 7517 §4): its algorithm is fixed with it, whatever a JWT says of itself. */
export interface PublicKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
  readonly kty: 'EC' | 'OKP' | 'RSA';
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

export type ServiceAccountStatus = 'active' | 'disabled';

export const statusOf = ({ disabledAt }: ServiceAccount): ServiceAccountStatus =>
  disabledAt ? 'disabled' : 'active';
