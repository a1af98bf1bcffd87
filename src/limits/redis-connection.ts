import { createClient } from '@redis/client';
import { type Log, reasonOf } from '../database/log.ts';
import type { Clock } from '../lib/clock.ts';
import { CounterStoreUnavailableError } from './counter-store.ts';
import { answered } from './patience.ts';

/** What a command may take: this many turns of the event loop, each of so many milliseconds. */
const PATIENCE = { turns: 5, turnMs: 50 };
const CONNECT_PATIENCE = { turns: 20, turnMs: 50 };
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;
/** After a redirection, for so long it is taken for one of many: other counts are elsewhere, too. */
const REDIRECTION_MS = 60_000;

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, perhaps with a user, a password and the number of a database. */
  url: string;
  log: Log;
  clock: Clock;
  /** Tries what the connection is for; until it succeeds, Redis counts as away (a replica, a full one). */
  probe: (client: RedisClient) => Promise<unknown>;
}

export type RedisClient = ReturnType<typeof makeClient>;

/**
 * One connection to Redis that says at once when there is none. Nothing is queued while it is away: it is
 * looked for in the background, and found within about a second of its return.
 */
export interface RedisConnection {
  /** Whether Redis answered when it was last asked, and for a minute has sent nobody to another of its cluster. */
  readonly healthy: boolean;
  /** Connects; a Redis that is away is a warning, and is looked for in the background. */
  start(): Promise<void>;
  /**
   * Runs a command.
   *
   * @throws CounterStoreUnavailableError at once while Redis is away, or when a node of a cluster says that
   *   another has the key; else after 250 milliseconds without an answer, and then the command may yet be
   *   carried out
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

const WARNINGS = {
  away: 'redis does not answer: rates follow metering.when_redis_is_away of the platform file',
  elsewhere:
    'redis is one node of a cluster and names another, which is not followed: REDIS_URL must lead to a single ' +
    'server, a primary, or a proxy of the cluster; rates that this node does not have follow ' +
    'metering.when_redis_is_away of the platform file',
};

/** What a node of a cluster says of a key that another node has. */
const isRedirection = (error: unknown): boolean =>
  error instanceof Error && /^(MOVED|ASK) /.test(error.message);

class Connection implements RedisConnection {
  #options: RedisConnectionOptions;
  #client: RedisClient | null = null;
  /** What was logged, and is not over yet. */
  #said = new Set<keyof typeof WARNINGS>();
  /** When it last named another node, in milliseconds since the epoch. */
  #redirectedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  get healthy(): boolean {
    return this.#client !== null && !this.#isElsewhere;
  }

  get #isElsewhere(): boolean {
    return this.#options.clock.now().getTime() - this.#redirectedAt < REDIRECTION_MS;
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
      // Nothing is wrong with the connection: a new one would meet the same, and other keys are here.
      if (isRedirection(error)) this.#noteRedirection(error);
      else this.#lose(client, error);
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
    if (this.#said.size > 0) this.#options.log.info('redis answers: rates are counted again');
    this.#said.clear();
    this.#redirectedAt = -Infinity;
  }

  #noteRedirection(error: unknown): void {
    if (!this.#isElsewhere) this.#said.delete('elsewhere');
    this.#redirectedAt = this.#options.clock.now().getTime();
    this.#say('elsewhere', error);
  }

  #lose(client: RedisClient, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = null;
    destroy(client);
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#closed) return;
    this.#say(isRedirection(error) ? 'elsewhere' : 'away', error);
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  /** Once, until it is over. */
  #say(what: keyof typeof WARNINGS, error: unknown): void {
    if (this.#said.has(what)) return;
    this.#said.add(what);
    // The reason names an address at the most: the URL, which may hold a password, is no part of it.
    this.#options.log.warn({ reason: reasonOf(error) }, WARNINGS[what]);
  }
}

/** Drops the connection and all that waits on it; a dead peer reads no farewell. */
function destroy(client: RedisClient): void {
  if (client.isOpen) client.destroy();
}
