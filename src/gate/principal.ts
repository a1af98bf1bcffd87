import type { CredentialKind } from '../platform/platform.ts';

/** Who is calling, whatever credential said so. */
export interface Principal {
  readonly kind: CredentialKind;
  /** Of the credential: the key's, the token's grant or client, the service account's. */
  readonly id: string;
  /** What limits of a credential count by; absent: its id. */
  readonly countsAs?: string;
  /** Who stands behind it: a user, a client, a service account, a key. */
  readonly subject: string;
  /** Of an access token: which of the two its subject is. */
  readonly subjectKind?: 'user' | 'client';
  /** Null: no tenant. */
  readonly organizationId: string | null;
  /** Of a key: the environment its prefix names. */
  readonly environment: string | null;
  /** With everything that the granted scopes imply. */
  readonly scopes: ReadonlySet<string>;
  /** Figures of the key's own, by limit name. */
  readonly limits: Readonly<Record<string, number>>;
  /** Of a key: when it stops working, if ever. */
  readonly expiresAt?: Date | null;
  /** Of a key: addresses and ranges it may come from; empty is anywhere. */
  readonly allowedAddresses?: readonly string[];
  /** Of an anonymous caller: what playground quotas count by. */
  readonly identity: string | null;
}

/** Why a credential was not taken. */
export type CredentialRefusal =
  | 'invalid_api_key'
  | 'expired_credential'
  | 'invalid_token'
  | 'expired_token'
  | 'address_not_allowed';

export type Verdict =
  | { readonly principal: Principal }
  | {
      readonly refusal: CredentialRefusal;
      /** Whose credential it was, where it is known: for the owner's usage and the log, never for the answer. */
      readonly owner?: Principal;
    };

/** One kind of credential: how its strings look, and who stands behind one. */
export interface CredentialVerifier {
  readonly kind: CredentialKind;
  /** By its looks alone; at most one kind claims a string. */
  recognises(credential: string): boolean;
  /**
   * An answer without waiting where there is one in the cache.
   *
   * @param address the caller's
   * @throws when what is needed to tell is away
   */
  verify(credential: string, address: string): Verdict | Promise<Verdict>;
  /**
   * The same of a credential that was let in and has been in use since: what may come only once is no replay.
   * Absent: `verify` says it.
   */
  verifyAgain?(credential: string, address: string): Verdict | Promise<Verdict>;
}
