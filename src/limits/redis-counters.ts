import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import {
  type Admission,
  type Charge,
  type Count,
  type CounterStore,
  firstExhausted,
} from './counter-store.ts';
import { createRedisConnection, type RedisClient } from './redis-connection.ts';

// All charges of a request are one script, so that they are made together or not at all, in one round
// trip. In a cluster a script may touch one hash slot only. That is why counts that are ever charged
// together carry the same tag in braces (see Charge.key): the gate tags with the organization, and
// organizations spread over the shards.

export interface RedisCounters extends CounterStore {
  /** Whether Redis answered when it was last asked, and for a minute has sent nobody to another of its cluster. */
  readonly healthy: boolean;
  /** Connects. A Redis that is away is a warning in the log, and is looked for in the background. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Counts in Redis or Valkey: for the rates of several processes. A count vanishes with its window. A Redis
 * that restarts, or fails over before its replica has heard of the last charges, forgets counts: what must
 * be exact in spite of that is a quota, and is in Postgres.
 *
 * Every method fails with CounterStoreUnavailableError, within 250 milliseconds and at once while Redis is
 * known to be away, or is a node of a cluster that does not have the count. A charge that was not answered
 * in time may have been made.
 */
export function createRedisCounters(options: {
  url: string;
  log: Log;
  clock: Clock;
}): RedisCounters {
  const connection = createRedisConnection({
    ...options,
    probe: (client) => charge(client, [PROBE], new Date(0)),
  });

  return {
    get healthy() {
      return connection.healthy;
    },
    start: () => connection.start(),
    close: () => connection.close(),
    async admit(charges, now): Promise<Admission> {
      if (charges.length === 0) return { admitted: true, counts: [] };
      const [admitted, ...state] = await connection.run((client) => charge(client, charges, now));
      const counts = charges.map(({ key, limit }, i) => ({
        ...{ key, limit, used: Number(state[2 * i]) },
        resetsAt: toDate(state[2 * i + 1]),
      }));
      if (Number(admitted) === 1) return { admitted: true, counts };
      return { admitted: false, counts, exhausted: firstExhausted(counts)! };
    },
    async read(keys, now): Promise<readonly Count[]> {
      const found = await connection.run((client) =>
        Promise.all(keys.map((key) => client.hmGet(nameOf(key), ['used', 'ends']))),
      );
      return found.flatMap(([used, ends], i) => {
        const resetsAt = toDate(ends);
        if (used == null || (resetsAt && resetsAt <= now)) return [];
        const key = keys[i]!;
        return [{ key, limit: Number.POSITIVE_INFINITY, used: Number(used), resetsAt }];
      });
    },
    async reset(key) {
      await connection.run((client) => client.del(nameOf(key)));
    },
  };
}

/** Says that this Redis runs the script and takes writes, as a replica or a full one does not. */
const PROBE: Charge = { key: 'probe', limit: Number.MAX_SAFE_INTEGER, windowSeconds: 1 };

/**
 * KEYS: the counts. ARGV: now, then for each count its limit, and the end and the length of a window that
 * would begin now; times in milliseconds, end and length empty for life. A count is a hash of `used` and
 * `ends`.
 *
 * Gives 1 if the request was charged to every count, else 0; then `used` and `ends` of each.
 *
 * Windows end by the caller's clock; that Redis then drops the key keeps nothing behind, and decides
 * nothing.
 */
const CHARGE = `
local now = tonumber(ARGV[1])
local admitted = 1
local state = {}
for i, key in ipairs(KEYS) do
  local found = redis.call('HMGET', key, 'used', 'ends')
  local used, ends = tonumber(found[1]), found[2]
  if not used or (ends ~= '' and tonumber(ends) <= now) then used, ends = 0, '' end
  if used >= tonumber(ARGV[3 * i - 1]) then admitted = 0 end
  state[2 * i - 1], state[2 * i] = used, ends
end
if admitted == 1 then
  for i, key in ipairs(KEYS) do
    if state[2 * i - 1] == 0 then
      local ends, length = ARGV[3 * i], ARGV[3 * i + 1]
      redis.call('DEL', key)
      redis.call('HSET', key, 'used', 1, 'ends', ends)
      if length ~= '' then redis.call('PEXPIRE', key, length) end
      state[2 * i] = ends
    else
      redis.call('HINCRBY', key, 'used', 1)
    end
    state[2 * i - 1] = state[2 * i - 1] + 1
  end
end
return { admitted, unpack(state) }
`;

const CHARGE_SHA = createHash('sha1').update(CHARGE).digest('hex');

type State = (string | number)[];

async function charge(client: RedisClient, charges: readonly Charge[], now: Date): Promise<State> {
  const call = {
    keys: charges.map(({ key }) => nameOf(key)),
    arguments: [
      String(now.getTime()),
      ...charges.flatMap(({ limit, windowSeconds }) => {
        if (windowSeconds === null) return [String(limit), '', ''];
        const lengthMs = windowSeconds * 1000;
        return [String(limit), String(now.getTime() + lengthMs), String(lengthMs)];
      }),
    ],
  };
  try {
    return (await client.evalSha(CHARGE_SHA, call)) as State;
  } catch (error) {
    // Redis forgets scripts when it restarts; it remembers the one that it was sent.
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return (await client.eval(CHARGE, call)) as State;
  }
}

/** In a namespace of ours, and with a hash tag in any case. */
const nameOf = (key: string) =>
  key.startsWith('{') ? `gatehouse:${key}` : `gatehouse:{shared}:${key}`;

const toDate = (ends: string | number | null | undefined) =>
  ends == null || ends === '' ? null : new Date(Number(ends));
