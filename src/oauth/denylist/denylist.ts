import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import { patiently } from '../../database/patiently.ts';
import { untilDone } from '../../database/until-done.ts';
import type { Clock } from '../../lib/clock.ts';
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
  readonly subject: string;
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
  start(): Promise<void>;
}

/** Mirrored entries at the most; beyond, the database is asked. */
const MIRROR_LIMIT = 500_000;

/** New entries between two sweeps of what has expired. */
const PURGE_EVERY = 1_000;

/** Clocks of two machines may differ by this much: seconds. */
const CLOCK_SKEW_SECONDS = 5;

export function createDenylist(options: {
  database: Database;
  notifications: Notifications;
  clock: Clock;
}): Denylist {
  const { database, notifications, clock } = options;
  const mirror = new Map<string, DenylistEntry>();
  let mirrored = false;
  let losses = 0;

  const add = (entry: DenylistEntry) => {
    if (mirror.size % PURGE_EVERY === 0) dropExpired(mirror, clock.now());
    const known = mirror.get(keyOf(entry));
    if (!known || known.revokedAt < entry.revokedAt) mirror.set(keyOf(entry), entry);
  };

  async function reload(): Promise<void> {
    const before = losses;
    const entries = await listDenied(database.pool, clock.now(), MIRROR_LIMIT + 1);
    dropExpired(mirror, clock.now());
    for (const entry of entries) add(entry);
    // What was read while nobody listened may be old already.
    const heardAll = notifications.healthy && losses === before;
    mirrored = heardAll && entries.length <= MIRROR_LIMIT;
  }

  notifications.on(DENYLIST_CHANNEL, (payload) => add(parseNotification(payload)));
  notifications.onLost(() => {
    losses += 1;
    mirrored = false;
  });
  // Until it succeeds, the database is asked.
  notifications.onRestored(untilDone(notifications, reload));

  return {
    start: () => patiently(reload),
    isDenied(token) {
      const marks = marksOf(token);
      if (mirrored) return marks.some((mark) => denies(mirror.get(keyOf(mark)), token));
      return findDenied(database.pool, marks).then((entries) =>
        entries.some((entry) => denies(entry, token)),
      );
    },
  };
}

function marksOf(token: DeniableToken): DenylistMark[] {
  const marks: DenylistMark[] = [
    { kind: 'jti', value: token.jti },
    { kind: 'client', value: token.clientId },
    { kind: 'subject', value: token.subject },
  ];
  if (token.grantId) marks.push({ kind: 'grant', value: token.grantId });
  if (token.organizationId) {
    marks.push({ kind: 'organization', value: token.organizationId });
    marks.push({ kind: 'membership', value: `${token.organizationId}:${token.subject}` });
  }
  return marks;
}

/** One token and one grant are dead for good; a client or a user may come back, with new tokens. */
function denies(entry: DenylistEntry | undefined, token: DeniableToken): boolean {
  if (!entry) return false;
  if (entry.kind === 'jti' || entry.kind === 'grant') return true;
  return token.issuedAt <= entry.revokedAt.getTime() / 1000 + CLOCK_SKEW_SECONDS;
}

function dropExpired(mirror: Map<string, DenylistEntry>, now: Date): void {
  for (const [key, entry] of mirror) if (entry.expiresAt <= now) mirror.delete(key);
}

const keyOf = (mark: DenylistMark) => `${mark.kind}:${mark.value}`;
