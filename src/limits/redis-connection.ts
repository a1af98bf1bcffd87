import { createClient } from '@redis/client';
import { type Log, reasonOf } from '../database/log.ts';
import { CounterStoreUnavailableError } from './counter-store.ts';

/** What a command may take: this many turns of the event loop, each of so many milliseconds. */
const PATIENCE = { turns: 5, turnMs: 50 };
const CONNECT_PATIENCE = { turns: 20, turnMs: 50 };
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, perhaps with a user, a password and the number of a database. */
  url: string;
  log: Log;
  /** Tries what the connection is for; until it succeeds, Redis counts as away (a replica, a full one). */
  probe: (client: RedisClient) => Promise<unknown>;
}

export type RedisClient = ReturnType<typeof makeClient>;

/**
 * One connection to Redis that says at once when there is none. Nothing is queued while it is away: it is
 * looked for in the background, and found within about a second of its return.
 */
export interface RedisConnection {
  /** Whether Redis answered when it was last asked. */
  readonly healthy: boolean;
  /** Connects; a Redis that is away is a warning, and is looked for in the background. */
  start(): Promise<void>;
  /**
   * Runs a command.
   *
   * @throws CounterStoreUnavailableError at once while Redis is away, else after 250 milliseconds without
   *   an answer; the command may yet be carried out
   */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  close(): Promise<void>;
}

export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  return new Connection(options);
}

function makeClient(url: string) {
  return createClient({
    url,
    // What every Redis, Valkey and proxy before them speaks; counters need nothing of version 3.
    RESP: 2,
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    // It would reconnect without end and without a word; how that is done here is a promise to callers.
    socket: {
      reconnectStrategy: false,
      connectTimeout: CONNECT_PATIENCE.turns * CONNECT_PATIENCE.turnMs,
    },
  });
}

class Connection implements RedisConnection {
  #options: RedisConnectionOptions;
  #client: RedisClient | null = null;
  /** The last thing that was logged. */
  #said: 'nothing' | 'away' = 'nothing';
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  get healthy(): boolean {
    return this.#client !== null;
  }

  start(): Promise<void> {
    return this.#connect();
  }

  async run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    const client = this.#client;
    if (!client) throw new CounterStoreUnavailableError('redis', new Error('not connected'));
    try {
      return await answered(command(client), PATIENCE);
    } catch (error) {
      this.#lose(client, error);
      throw new CounterStoreUnavailableError('redis', error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    if (client) destroy(client);
  }

  async #connect(): Promise<void> {
    const client = makeClient(this.#options.url);
    client.on('error', (error: unknown) => this.#lose(client, error));
    try {
      const connecting = client.connect().then(() => this.#options.probe(client));
      await answered(connecting, CONNECT_PATIENCE);
    } catch (error) {
      destroy(client);
      this.#retry(error);
      return;
    }
    if (this.#closed) destroy(client);
    else this.#establish(client);
  }

  #establish(client: RedisClient): void {
    this.#client = client;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#said === 'away') this.#options.log.info('redis answers: rates are counted again');
    this.#said = 'nothing';
  }

  #lose(client: RedisClient, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = null;
    destroy(client);
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#closed) return;
    if (this.#said === 'nothing') {
      // The reason names an address at the most: the URL, which may hold a password, is no part of it.
      this.#options.log.warn(
        { reason: reasonOf(error) },
        'redis does not answer: rates follow metering.when_redis_is_away of the platform file',
      );
      this.#said = 'away';
    }
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}

/**
 * Fails when the work takes longer. Many short turns and not one long timer: a process that was busy with
 * itself for a while, its answers waiting to be read, does not take Redis for dead.
 */
async function answered<Reply>(
  work: Promise<Reply>,
  { turns, turnMs }: { turns: number; turnMs: number },
): Promise<Reply> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let left = turns;
  const timer = setInterval(() => {
    left -= 1;
    if (left === 0) reject(new Error(`no answer within ${turns * turnMs} ms`));
  }, turnMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}

/** Drops the connection and all that waits on it; a dead peer reads no farewell. */
function destroy(client: RedisClient): void {
  if (client.isOpen) client.destroy();
}
