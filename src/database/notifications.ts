import pg from 'pg';
import { type Log, reasonOf } from './log.ts';

const HEARTBEAT_MS = 500;
const HEARTBEAT_PATIENCE_MS = 400;
const CONNECT_PATIENCE_MS = 1500;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;

/**
 * Postgres' LISTEN on a connection of its own: how one process tells all others that something changed.
 *
 * The contract for caches: while `healthy` is false a change may pass unseen, so read through; on
 * `onRestored`, drop or reload everything, for what was missed does not come again.
 */
export interface Notifications {
  /** Whether every channel is being listened to, as of the last heartbeat (at most 0.9 seconds ago). */
  readonly healthy: boolean;
  /** Adds a handler; handlers of one channel run in order of their adding and must not throw. */
  on(channel: string, handler: (payload: string) => void): void;
  /** Called once each time the connection is found dead. */
  onLost(handler: () => void): void;
  /**
   * Called once each time listening works again after a loss, and when it works for the first time later
   * than `start`, which found no database.
   */
  onRestored(handler: () => void): void;
  /**
   * Resolves when everything committed before the call has been dispatched in this process (or the loss
   * of the connection noticed): Postgres hands out what is pending before it answers the listener.
   */
  caughtUp(): Promise<void>;
  /** Connects; a database that is down is retried in the background, with `healthy` false. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface NotificationsOptions {
  connectionString: string;
  log: Log;
}

/** Any of pg's pool, its clients, or a transaction of `Database.transaction`. */
export interface QueryExecutor {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/**
 * Sends a payload to every listener. Within a transaction it is delivered at commit, and not at all on
 * rollback; equal payloads of one transaction are delivered once.
 *
 * @param payload less than 8000 bytes: send the key of what changed, not the thing
 */
export async function notify(
  executor: QueryExecutor,
  channel: string,
  payload: string,
): Promise<void> {
  await executor.query('SELECT pg_notify($1, $2)', [channel, payload]);
}

export function createNotifications(options: NotificationsOptions): Notifications {
  return new Listener(options);
}

class Listener implements Notifications {
  #options: NotificationsOptions;
  #handlers = new Map<string, ((payload: string) => void)[]>();
  #lostHandlers: (() => void)[] = [];
  #restoredHandlers: (() => void)[] = [];
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #wasHealthy = false;
  #isLate = false;
  #closed = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
  }

  get healthy(): boolean {
    return this.#client !== null;
  }

  on(channel: string, handler: (payload: string) => void): void {
    const handlers = this.#handlers.get(channel);
    if (handlers) {
      handlers.push(handler);
      return;
    }
    this.#handlers.set(channel, [handler]);
    // A channel added late is listened to by a new connection, so that `healthy` stays true to its word.
    if (this.#client) this.#lose(this.#client, new Error(`channel ${channel} was added`));
  }

  onLost(handler: () => void): void {
    this.#lostHandlers.push(handler);
  }

  onRestored(handler: () => void): void {
    this.#restoredHandlers.push(handler);
  }

  async start(): Promise<void> {
    await this.#connect();
    this.#isLate = !this.healthy;
  }

  async caughtUp(): Promise<void> {
    const client = this.#client;
    if (client) await this.#ping(client);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    if (client) await endWithin(client, HEARTBEAT_PATIENCE_MS);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      connectionTimeoutMillis: CONNECT_PATIENCE_MS,
      query_timeout: CONNECT_PATIENCE_MS,
      keepAlive: true,
      application_name: 'gatehouse-listener',
    });
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('the connection ended')));
    client.on('notification', ({ channel, payload }) => this.#dispatch(channel, payload ?? ''));
    const channels = [...this.#handlers.keys()];
    try {
      await client.connect();
      for (const channel of channels)
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      destroy(client);
      this.#retry(error);
      return;
    }
    if (this.#closed) await endWithin(client, HEARTBEAT_PATIENCE_MS);
    else if (this.#handlers.size > channels.length) this.#reconnect(client);
    else this.#establish(client);
  }

  /** A channel was added while this connection was being made. */
  #reconnect(client: pg.Client): void {
    destroy(client);
    this.#timer = setTimeout(() => void this.#connect(), 0);
  }

  #establish(client: pg.Client): void {
    this.#client = client;
    this.#retryMs = FIRST_RETRY_MS;
    this.#beatLater(client);
    if (this.#wasHealthy || this.#isLate) {
      this.#options.log.info('change notifications restored');
      for (const handler of this.#restoredHandlers) handler();
    }
    this.#wasHealthy = true;
    this.#isLate = false;
  }

  #dispatch(channel: string, payload: string): void {
    for (const handler of this.#handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        this.#options.log.error({ err: error, channel }, 'a notification handler failed');
      }
    }
  }

  /** A network that drops packets says nothing: only an answer that stays out tells. */
  #beatLater(client: pg.Client): void {
    this.#timer = setTimeout(async () => {
      await this.#ping(client);
      if (this.#client === client) this.#beatLater(client);
    }, HEARTBEAT_MS);
  }

  async #ping(client: pg.Client): Promise<void> {
    const query = { text: 'SELECT 1', query_timeout: HEARTBEAT_PATIENCE_MS };
    await client.query(query).catch((error: unknown) => this.#lose(client, error));
  }

  #lose(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = null;
    destroy(client);
    this.#options.log.warn({ reason: reasonOf(error) }, 'change notifications lost');
    for (const handler of this.#lostHandlers) handler();
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#closed) return;
    if (!this.#wasHealthy && this.#retryMs === FIRST_RETRY_MS) {
      this.#options.log.warn({ reason: reasonOf(error) }, 'change notifications not available yet');
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}

/** Drops the connection without the courtesy of a Terminate message, which a dead peer won't read. */
function destroy(client: pg.Client): void {
  client.removeAllListeners('notification');
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } })
    .connection;
  stream.destroy();
}

async function endWithin(client: pg.Client, patienceMs: number): Promise<void> {
  const timer = setTimeout(() => destroy(client), patienceMs);
  await client.end().catch(() => {});
  clearTimeout(timer);
}
