import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** When credentials, or sessions, were last used, written together now and then, never during a request. */
export interface LastUses {
  used(id: string): void;
  /** Writes what has gathered; what could not be written is kept for the next time. */
  flush(): Promise<void>;
}

const FRESH_MS = 60_000;

/** Ids kept at the most: of those written, and of those that wait. What comes on top is not noted. */
const MAX_IDS = 100_000;

export function createLastUses(deps: {
  clock: Clock;
  log: Pick<Log, 'warn'>;
  /** @returns the ids that somebody held, which come again with the next round; one that is gone does not */
  write: (uses: { id: string; at: Date }[]) => Promise<ReadonlySet<string>>;
  /** A use within this time of one that was written is not written again; default a minute. */
  freshMs?: number;
}): LastUses {
  const { clock, log, write, freshMs = FRESH_MS } = deps;
  const written = new Map<string, number>();
  let pending = new Map<string, Date>();

  function note(id: string, at: Date): void {
    if (pending.has(id) || pending.size < MAX_IDS) pending.set(id, at);
  }

  /** A later use counts instead. */
  function keep(id: string, at: Date): void {
    if (!pending.has(id)) note(id, at);
  }

  return {
    used(id) {
      const now = clock.now();
      if (now.getTime() - (written.get(id) ?? 0) >= freshMs) note(id, now);
    },
    async flush() {
      if (pending.size === 0) return;
      const uses = pending;
      pending = new Map();
      try {
        const held = await write([...uses].map(([id, at]) => ({ id, at })));
        if (written.size + uses.size > MAX_IDS) written.clear();
        for (const [id, at] of uses) {
          if (held.has(id)) keep(id, at);
          else written.set(id, at.getTime());
        }
      } catch (error) {
        for (const [id, at] of uses) keep(id, at);
        log.warn({ err: error }, 'last uses could not be written; tried again later');
      }
    },
  };
}
