import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision, DecisionRecorder } from '../gate/gate.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { DenialReason } from '../platform/denial-reasons.ts';
import { createTallies, type RequestKind, type Tally } from './tallies.ts';

export type Outcome = 'allowed' | DenialReason;

/** How many requests of an hour were alike. Empty text stands for what is not known. */
export interface UsageCount {
  /** Whole hours since the epoch. */
  readonly hour: number;
  readonly organizationId: string;
  readonly credentialKind: string;
  readonly credentialId: string;
  /** Method and path pattern of the platform file: `GET /v1/notes/*`. */
  readonly route: string;
  readonly outcome: Outcome;
  readonly requests: number;
}

/** Counts that are written together, and however often they are sent, once: the id says so. */
export interface UsageBatch {
  readonly id: string;
  readonly counts: readonly UsageCount[];
}

export interface UsageRecorder {
  /** Counts a decision: a look into memory, no waiting, no failing. */
  readonly record: DecisionRecorder;
  /** Writes what has gathered. Never fails: what could not be written is kept for the next time. */
  flush(): Promise<void>;
  /** The last flush of a process, tried again and again until it is `late`. */
  settle(late: AbortSignal): Promise<void>;
}

const HOUR_MS = 3_600_000;
const BATCH_COUNTS = 500;
const MAX_KEYS = 50_000;
const RETRY_MS = 100;

/**
 * Counts requests in memory; a flush now and then adds them up in the database.
 *
 * Every decision is counted once, for as long as the process lives: a batch whose fate is unknown (the
 * connection broke, the answer came late) is sent again with the same id, which the database takes once. A
 * process that is killed loses what it has not flushed.
 *
 * Memory is bounded, totals stay right: beyond `maxKeys` different counts between two flushes, requests
 * count for their organization and no credential; beyond twice as many, for no organization either.
 */
export function createUsageRecorder(deps: {
  clock: Clock;
  log: Pick<Log, 'warn' | 'error'>;
  /** Adds a batch unless one of its id was added before. */
  write: (batch: UsageBatch) => Promise<void>;
  /** Default 50,000. */
  maxKeys?: number;
}): UsageRecorder {
  const { clock, log, write, maxKeys = MAX_KEYS } = deps;
  let gathered = createTallies();
  let unwritten: UsageBatch[] = [];
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;

  /** The tally of a kind that has none yet: its own while there is room, else a coarser one. */
  function placeFor(kind: RequestKind): Tally {
    if (gathered.size < maxKeys) return gathered.begin(kind);
    const ofOrganization = { ...kind, credentialId: '' };
    const known = gathered.find(ofOrganization);
    if (known) return known;
    if (gathered.size === maxKeys) {
      log.warn({ maxKeys }, 'usage of very many credentials: not told apart until the next flush');
    }
    if (gathered.size < 2 * maxKeys) return gathered.begin(ofOrganization);
    const ofNobody = { ...ofOrganization, organizationId: '' };
    return gathered.find(ofNobody) ?? gathered.begin(ofNobody);
  }

  /** What gathers from now on is of the next batches. */
  function takeGathered(): UsageBatch[] {
    const counts = gathered.all().map(toCount);
    gathered = createTallies();
    const now = clock.now();
    return Array.from({ length: Math.ceil(counts.length / BATCH_COUNTS) }, (_, i) => ({
      id: newId(now),
      counts: counts.slice(i * BATCH_COUNTS, (i + 1) * BATCH_COUNTS),
    }));
  }

  async function writeBatches(): Promise<void> {
    for (let next = unwritten[0]; next; next = unwritten[0]) {
      await write(next);
      unwritten.shift();
    }
  }

  /** Batches of a flush that failed come first; until they are through, no new ones are made. */
  async function writeAll(): Promise<void> {
    try {
      await writeBatches();
      unwritten = takeGathered();
      await writeBatches();
    } catch (error) {
      log.warn({ err: error }, 'usage could not be written; tried again later');
    }
  }

  /** Whoever comes during a flush shares the one after it, which has everything they know of. */
  function flush(): Promise<void> {
    if (running) {
      following ??= running.then(() => {
        following = undefined;
        return flush();
      });
      return following;
    }
    running = writeAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  const isSettled = () => gathered.size === 0 && unwritten.length === 0;

  return {
    flush,
    record(request, decision) {
      const hour = Math.floor(clock.now().getTime() / HOUR_MS);
      const kind = kindOf(hour, request.method, decision);
      const tally = gathered.find(kind) ?? placeFor(kind);
      tally.requests += 1;
    },
    async settle(late) {
      await flush();
      while (!isSettled() && !late.aborted) {
        await sleep(RETRY_MS, undefined, { signal: late }).catch(() => {});
        await flush();
      }
      if (isSettled()) return;
      const left = [...gathered.all(), ...unwritten.flatMap(({ counts }) => counts)];
      const requests = left.reduce((sum, count) => sum + count.requests, 0);
      log.error({ requests }, 'the usage of the last requests could not be written');
    },
  };
}

function kindOf(hour: number, method: string, decision: Decision): RequestKind {
  const { context } = decision;
  const denial = decision.allowed ? undefined : decision.denial;
  const principal = context.principal ?? denial?.owner;
  const { route } = context;
  return {
    hour,
    organizationId: context.organizationId ?? principal?.organizationId ?? '',
    credentialKind: principal?.kind ?? denial?.credentialKind ?? '',
    credentialId: principal?.id ?? '',
    // A method that the platform file has not is whatever somebody made up.
    method: route ? method : '',
    path: route ? route.route.path : '',
    outcome: denial?.reason ?? 'allowed',
  };
}

const toCount = ({ method, path, ...tally }: Tally): UsageCount => ({
  ...tally,
  route: path === '' ? '' : `${method} ${path}`,
});
