import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import { patiently } from '../../database/patiently.ts';
import { untilDone } from '../../database/until-done.ts';
import { type Clock, epochSeconds } from '../../lib/clock.ts';
import {
  DENYLIST_CHANNEL,
  type DenylistEntry,
  type DenylistMark,
  findDenied,
  listDenied,
  parseNotification,
} from './denylist.store.ts';

/** What of an access token can be denied. */
export interface DeniableToken {
  readonly jti: string;
  readonly clientId: string;
  readonly grantId?: string | undefined;
  readonly organizationId?: string | undefined;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

/**
 * Which access tokens are refused before they expire. Every process mirrors the whole list, which is
 * short (an entry dies with the last token it concerns); while it cannot be sure of its mirror it asks
 * the database.
 */
export interface Denylist {
  /** @throws when neither the mirror nor the database can tell */
  isDenied(token: DeniableToken): boolean | Promise<boolean>;
  /**
   * Whether a token that is made now, for a client or a service account, would be denied for all of its life: its
   * tokens were ended a moment ago.
   *
   * @throws when neither the mirror nor the database can tell
   */
  isClientDenied(clientId: string): boolean | Promise<boolean>;
  start(): Promise<void>;
}

/** Mirrored entries at the most; beyond, the database is asked. */
const MIRROR_LIMIT = 500_000;

/** New entries between two sweeps of what has expired. */
const SWEEP_EVERY = 10_000;

/** Clocks of two machines may differ by this much: seconds. */
const CLOCK_SKEW_SECONDS = 5;

export function createDenylist(options: {
  database: Database;
  notifications: Notifications;
  clock: Clock;
  /** Default 500,000 */
  mirrorLimit?: number;
}): Denylist {
  const { database, notifications, clock, mirrorLimit = MIRROR_LIMIT } = options;
  const mirror = new Map<string, DenylistEntry>();
  let mirrored = false;
  let overflowing = false;
  let losses = 0;
  let sinceSweep = 0;

  /** An entry that is too many ends the mirror until the next reload: half a list would say "not denied". */
  const add = (entry: DenylistEntry) => {
    if (overflowing) return;
    const known = mirror.get(keyOf(entry));
    if (!known || known.revokedAt < entry.revokedAt) mirror.set(keyOf(entry), entry);
    if (mirror.size <= mirrorLimit) return;
    sweep();
    // Nearly full of living ones: sweeping at each entry from here on would cost more than asking.
    if (mirror.size <= mirrorLimit * 0.9) return;
    mirrored = false;
    overflowing = true;
    mirror.clear();
  };

  const sweep = () => {
    sinceSweep = 0;
    dropExpired(mirror, clock.now());
  };

  async function reload(): Promise<void> {
    const before = losses;
    overflowing = false;
    sweep();
    for await (const entries of listDenied(database.pool, clock.now())) {
      for (const entry of entries) add(entry);
      if (overflowing) return;
    }
    // What was read while nobody listened may be old already.
    mirrored = notifications.healthy && losses === before && !overflowing;
  }

  const reloadInBackground = untilDone(notifications, reload);
  notifications.on(DENYLIST_CHANNEL, (payload) => {
    sinceSweep += 1;
    if (sinceSweep >= SWEEP_EVERY) {
      if (overflowing) reloadInBackground();
      sweep();
    }
    add(parseNotification(payload));
  });
  notifications.onLost(() => {
    losses += 1;
    mirrored = false;
  });
  // Until it succeeds, the database is asked.
  notifications.onRestored(reloadInBackground);

  const isAnyOf = (marks: DenylistMark[], issuedAt: number) => {
    if (mirrored) return marks.some((mark) => denies(mirror.get(keyOf(mark)), issuedAt));
    return findDenied(database.pool, marks).then((entries) =>
      entries.some((entry) => denies(entry, issuedAt)),
    );
  };

  return {
    start: () => patiently(reload),
    isDenied: (token) => isAnyOf(marksOf(token), token.issuedAt),
    isClientDenied: (clientId) =>
      isAnyOf([{ kind: 'client', value: clientId }], epochSeconds(clock)),
  };
}

/**
 * What ends a user's or a member's tokens ends their grants, each with a mark of its own (revocations.store.ts): one
 * who comes back at once has another grant, whatever a clock says.
 */
function marksOf({ jti, clientId, grantId, organizationId }: DeniableToken): DenylistMark[] {
  const marks: DenylistMark[] = [
    { kind: 'jti', value: jti },
    { kind: 'client', value: clientId },
  ];
  if (grantId) marks.push({ kind: 'grant', value: grantId });
  if (organizationId) marks.push({ kind: 'organization', value: organizationId });
  return marks;
}

/** One token and one grant are dead for good; whoever else is named may come back, with new tokens. */
function denies(entry: DenylistEntry | undefined, issuedAt: number): boolean {
  if (!entry) return false;
  if (entry.kind === 'jti' || entry.kind === 'grant') return true;
  return issuedAt <= entry.revokedAt.getTime() / 1000 + CLOCK_SKEW_SECONDS;
}

function dropExpired(mirror: Map<string, DenylistEntry>, now: Date): void {
  for (const [key, entry] of mirror) if (entry.expiresAt <= now) mirror.delete(key);
}

const keyOf = (mark: DenylistMark) => `${mark.kind}:${mark.value}`;
