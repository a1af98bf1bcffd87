import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { isEmail, normaliseEmail } from '../lib/email.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { newId } from '../lib/ids.ts';
import { newSecret } from '../lib/master-key.ts';
import type { Platform } from '../platform/platform.ts';
import type { Role } from './identity.ts';
import {
  type Invitation,
  mayGive,
  type OpenInvitation,
  type PresentedInvitation,
} from './invitation.ts';
import { createBacking, type IsBacked } from './invitation-sender.ts';
import * as store from './invitations.store.ts';
import type { MembershipStore } from './memberships.store.ts';
import { takeAttempt } from './sign-in-attempts.store.ts';

const LIFETIME_MS = 7 * 86_400_000;
/** Per organization. */
export const MOST_OPEN = 100;
/** Made and renewed, per organization. */
export const MOST_PER_HOUR = 100;
const HOUR_MS = 3_600_000;

const TOKEN = /^[\w-]{43}$/;

export interface InvitationsOptions {
  platform: Platform;
  database: Database;
  clock: Clock;
  hashSecret: (secret: string) => Buffer;
  memberships: MembershipStore;
}

export interface NewInvitation {
  organizationId: string;
  email: string;
  role: Role;
}

/** The token is in no other answer: what is stored is its hash. */
type Sent<Outcome extends string> = { outcome: Outcome; invitation: Invitation; token: string };

/** Too many were sent within an hour. */
type Throttled = { outcome: 'throttled'; retryAfterSeconds: number };

export type InviteOutcome =
  | Sent<'invited'>
  | { outcome: 'email_required' | 'email_invalid' | 'already_member' | 'already_invited' }
  /** So many are open. */
  | { outcome: 'too_many'; most: number }
  | { outcome: 'role_out_of_reach' | 'not_found' }
  | Throttled;

export type RenewOutcome =
  | Sent<'renewed'>
  | { outcome: 'role_out_of_reach' | 'not_found' }
  | Throttled;

export type AcceptOutcome =
  | { outcome: 'accepted'; organizationId: string }
  /** Also when they joined by this very invitation a moment ago. */
  | { outcome: 'already_member'; organizationId: string }
  /** The user's address is not the one that was invited. */
  | { outcome: 'other_account' }
  /** Unknown, accepted by somebody else, revoked, renewed, expired, or no longer backed. */
  | { outcome: 'not_found' };

/**
 * Invitations into organizations. A link is for one address, for one time, for seven days, and only as long
 * as who sent it may give the role.
 */
export interface Invitations {
  invite(invitation: NewInvitation, context: AuditContext): Promise<InviteOutcome>;
  /** Sends it again: with another token, for another seven days. The one before is nothing any more. */
  renew(organizationId: string, id: string, context: AuditContext): Promise<RenewOutcome>;
  /**
   * @param organizationId null only for the operator: whosever it is
   * @param permits beside what is asked of users, and at the same moment
   */
  revoke(
    organizationId: string | null,
    id: string,
    context: AuditContext,
    permits?: (role: Role) => boolean,
  ): Promise<'revoked' | 'not_found' | 'role_out_of_reach'>;
  /**
   * Newest first.
   *
   * @param organizationId null only for the operator: everybody's
   * @throws InvalidCursorError
   */
  listOpen(organizationId: string | null, page: PageRequest): Promise<Page<OpenInvitation>>;
  /** The one behind a token, if it can be accepted; every other answers alike. */
  find(token: string): Promise<PresentedInvitation | undefined>;
  accept(token: string, userId: string, context: AuditContext): Promise<AcceptOutcome>;
}

export function createInvitations(options: InvitationsOptions): Invitations {
  const isBacked = createBacking(options.platform);
  return { ...sending(options, isBacked), ...receiving(options, isBacked) };
}

function sending({ database, clock, hashSecret }: InvitationsOptions, isBacked: IsBacked) {
  /** A token for an invitation that somebody sends at this moment. */
  function newSending(context: AuditContext) {
    const now = clock.now();
    const token = newSecret();
    const expiresAt = new Date(now.getTime() + LIFETIME_MS);
    return { now, token, hash: hashSecret(token), sent: { invitedBy: context.actor, expiresAt } };
  }

  async function throttled(organizationId: string): Promise<Throttled | undefined> {
    const now = clock.now();
    const budget = {
      key: `invitations:${organizationId}`,
      limit: MOST_PER_HOUR,
      windowMs: HOUR_MS,
    };
    const { admitted, windowEndsAt } = await takeAttempt(database.pool, budget, now);
    if (admitted) return undefined;
    const leftMs = windowEndsAt.getTime() - now.getTime();
    return { outcome: 'throttled', retryAfterSeconds: Math.max(Math.ceil(leftMs / 1000), 1) };
  }

  /** With the organization held, if the invitation is one of its open ones and within reach. */
  async function withOpen<Result>(
    place: { organizationId: string | null; id: string },
    context: AuditContext,
    work: (tx: Executor, invitation: Invitation) => Promise<Result>,
  ): Promise<Result | 'not_found' | 'role_out_of_reach'> {
    const { id } = place;
    if (!looksLikeId(place.organizationId ?? id) || !looksLikeId(id)) return 'not_found';
    return database.transaction(async (tx) => {
      const organizationId =
        place.organizationId ?? (await store.findOpenInvitation(tx, null, id))?.organizationId;
      if (organizationId === undefined) return 'not_found';
      await store.holdOrganization(tx, organizationId);
      const invitation = await store.findOpenInvitation(tx, organizationId, id);
      if (!invitation) return 'not_found';
      const reaches = await maySend(tx, invitation, context);
      return reaches ? work(tx, invitation) : 'role_out_of_reach';
    });
  }

  return {
    async invite(wanted: NewInvitation, context: AuditContext): Promise<InviteOutcome> {
      const { organizationId, role } = wanted;
      const email = normaliseEmail(wanted.email);
      if (email === '') return { outcome: 'email_required' };
      if (!isEmail(email)) return { outcome: 'email_invalid' };
      if (!looksLikeId(organizationId)) return { outcome: 'not_found' };
      const wait = await throttled(organizationId);
      if (wait) return wait;
      return database.transaction(async (tx): Promise<InviteOutcome> => {
        if (!(await store.holdOrganization(tx, organizationId))) return { outcome: 'not_found' };
        if (!(await maySend(tx, wanted, context))) return { outcome: 'role_out_of_reach' };
        const { now, token, hash, sent } = newSending(context);
        const standing = await store.standingOf(tx, { organizationId, email, now });
        if (standing.isMember) return { outcome: 'already_member' };
        if (standing.isInvited) return { outcome: 'already_invited' };
        if (standing.openInvitations >= MOST_OPEN) return { outcome: 'too_many', most: MOST_OPEN };
        const invitation = { id: newId(now), organizationId, email, role, createdAt: now, ...sent };
        await store.insertInvitation(tx, invitation, hash, context);
        return { outcome: 'invited', invitation, token };
      });
    },

    async renew(organizationId: string, id: string, context: AuditContext): Promise<RenewOutcome> {
      const wait = looksLikeId(organizationId) ? await throttled(organizationId) : undefined;
      if (wait) return wait;
      const place = { organizationId, id };
      const result = await withOpen(place, context, async (tx, before): Promise<RenewOutcome> => {
        const { now, token, hash, sent } = newSending(context);
        const invitation = { ...before, ...sent };
        await store.renewInvitation(tx, invitation, hash, now, context);
        return { outcome: 'renewed', invitation, token };
      });
      return typeof result === 'string' ? { outcome: result } : result;
    },

    async revoke(
      organizationId: string | null,
      id: string,
      context: AuditContext,
      permits: (role: Role) => boolean = () => true,
    ) {
      return withOpen({ organizationId, id }, context, async (tx, invitation) => {
        if (!permits(invitation.role)) return 'role_out_of_reach' as const;
        await store.revokeInvitation(tx, invitation, clock.now(), context);
        return 'revoked' as const;
      });
    },

    async listOpen(
      organizationId: string | null,
      page: PageRequest,
    ): Promise<Page<OpenInvitation>> {
      if (organizationId !== null && !looksLikeId(organizationId))
        return { items: [], nextCursor: null };
      const sent = await store.listOpenInvitations(database.pool, organizationId, page);
      const now = clock.now();
      const items = sent.items.map(({ sender, ...invitation }): OpenInvitation => {
        if (invitation.expiresAt <= now) return { ...invitation, status: 'expired' };
        return { ...invitation, status: isBacked(invitation, sender) ? 'open' : 'void' };
      });
      return { ...sent, items };
    },
  };
}

function receiving(
  { database, clock, hashSecret, memberships }: InvitationsOptions,
  isBacked: IsBacked,
) {
  async function findByHash(hash: Buffer): Promise<PresentedInvitation | undefined> {
    const found = await store.findPresentedInvitation(database.pool, hash, clock.now());
    return found && isBacked(found.invitation, found.sender) ? found.invitation : undefined;
  }

  return {
    async find(token: string): Promise<PresentedInvitation | undefined> {
      return TOKEN.test(token) ? findByHash(hashSecret(token)) : undefined;
    },

    async accept(token: string, userId: string, context: AuditContext): Promise<AcceptOutcome> {
      if (!TOKEN.test(token)) return { outcome: 'not_found' };
      const hash = hashSecret(token);
      const invitation = await findByHash(hash);
      if (!invitation) return afterwards(database.pool, hash, userId);
      const { organizationId, role } = invitation;
      return database.transaction(async (tx): Promise<AcceptOutcome> => {
        // The user before the organization, as when a user is deleted.
        const email = await store.heldEmailOf(tx, userId);
        await store.holdOrganization(tx, organizationId);
        if (email !== invitation.email) return { outcome: 'other_account' };
        if (await store.roleOf(tx, userId, organizationId)) {
          return { outcome: 'already_member', organizationId };
        }
        const sender = await store.findSender(tx, invitation.id);
        if (!isBacked(invitation, sender)) return { outcome: 'not_found' };
        const at = clock.now();
        const taken = { invitation, hash, userId, at };
        if (!(await store.consumeInvitation(tx, taken, context))) return { outcome: 'not_found' };
        await memberships.insert(tx, { userId, organizationId, role }, context);
        return { outcome: 'accepted', organizationId };
      });
    },
  };
}

/** To whoever accepted it, and is still there, a second click says the same as the first. */
async function afterwards(
  executor: Executor,
  hash: Buffer,
  userId: string,
): Promise<AcceptOutcome> {
  const taken = await store.findAcceptance(executor, hash);
  if (taken?.userId !== userId) return { outcome: 'not_found' };
  const { organizationId } = taken;
  const role = await store.roleOf(executor, userId, organizationId);
  return role ? { outcome: 'already_member', organizationId } : { outcome: 'not_found' };
}

/** People send what their role may give, at this moment; what others may is for their door to say. */
async function maySend(
  executor: Executor,
  { organizationId, role }: Pick<Invitation, 'organizationId' | 'role'>,
  { actor }: AuditContext,
): Promise<boolean> {
  if (actor.kind !== 'user') return true;
  const own = await store.roleOf(executor, actor.id ?? '', organizationId);
  return own !== undefined && mayGive(own, role);
}
