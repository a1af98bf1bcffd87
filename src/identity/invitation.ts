import type { AuditActor } from '../audit/audit.ts';
import type { Role } from './identity.ts';

/** Asks whoever has an address to join an organization. */
export interface Invitation {
  readonly id: string;
  readonly organizationId: string;
  /** Normalised: the account that may accept it. */
  readonly email: string;
  readonly role: Role;
  /** Who sent it last. */
  readonly invitedBy: AuditActor;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export const INVITATION_STATUSES = ['open', 'expired', 'void'] as const;

export type InvitationStatus = (typeof INVITATION_STATUSES)[number];

/** One that was neither accepted nor revoked, as the organization sees it. */
export interface OpenInvitation extends Invitation {
  /** Absent: no person, or one who is gone. */
  readonly inviterName?: string;
  /**
   * `void`: whoever sent it may not give that role any more, or was a credential that no longer works. Sent
   * again, it counts again.
   */
  readonly status: InvitationStatus;
}

/** What whoever has the link may know. */
export interface PresentedInvitation extends Invitation {
  readonly organizationName: string;
  readonly inviterName?: string;
}

/**
 * Whether somebody with one role may give another, or take it from a member: never more than they have,
 * and members give nothing.
 */
export function mayGive(own: Role, role: Role): boolean {
  return own === 'owner' || (own === 'admin' && role !== 'owner');
}
