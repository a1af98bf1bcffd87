import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';
import { type Log, reasonOf } from './log.ts';
import { isDatabaseUnavailable, isOfOldPlan } from './unavailable.ts';

export { isDatabaseUnavailable } from './unavailable.ts';

// A query first waits for a connection, then for its answer; together at most 1.8 seconds, so that a
// database which hangs or whose packets vanish costs a caller no more than one that is down: two seconds.
const CONNECTION_PATIENCE_MS = 900;
const QUERY_PATIENCE_MS = 900;
/** What a query has that found a connection free. */
const PROMPT_QUERY_PATIENCE_MS = 1500;
/**
 * The server gives up first, so that it does not work on what nobody awaits. It does not count the time that
 * a commit waits for a disk: nobody could be told how a commit cut off ended, so a query has more.
 */
const STATEMENT_TIMEOUT_MS = 800;
/** What one statement of a large transaction may take at the server; it gives up first there, too. */
const LARGE_STATEMENT_TIMEOUT_MS = 30_000;
const LARGE_QUERY_PATIENCE_MS = LARGE_STATEMENT_TIMEOUT_MS + 1000;
const SESSION_PATIENCE_MS = 300;
const IDLE_IN_TRANSACTION_MS = 10_000;
/** By then every query has ended; what is left is a transaction whose author is gone. */
const CLOSE_PATIENCE_MS = 2000;

export interface DatabaseOptions {
  connectionString: string;
  /** Default 10 */
  maxConnections?: number;
  log: Log;
}

/** One pool; Prisma for what is written about often, named statements on the pool for the hot paths. */
export interface Database {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  /**
   * Commits what `work` did, or nothing of it if it throws. Keep to the given client: another query on
   * the pool would be outside the transaction and could wait for it for ever.
   */
  transaction<T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T>;
  /**
   * The same for what may concern very many rows, such as a delete that cascades: each statement has 30
   * seconds, for it would take as long the next time. So has a server that hangs: for rare changes only.
   */
  largeTransaction<T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Whether a query is answered within so many milliseconds. Never throws. */
  ping(timeoutMs: number): Promise<boolean>;
  /** Waits, at most 2 seconds, for queries under way; a transaction that takes longer is rolled back. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens nothing yet: connections are made when wanted, and made anew after a database was away.
 *
 * Every query fails within 1.8 seconds when the database is down, hangs or cannot be reached, with an error
 * that `isDatabaseUnavailable` recognises.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { log } = options;
  const pool = openPool(options);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: CONNECTION_PATIENCE_MS, timeout: 5000 },
  });
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await prisma.$disconnect();
    const leftOver = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const { totalCount, idleCount, waitingCount } = pool;
      log.warn({ totalCount, idleCount, waitingCount }, 'connections in use were left behind');
      leftOver.resolve();
    }, CLOSE_PATIENCE_MS);
    await Promise.race([pool.end(), leftOver.promise]);
    clearTimeout(timer);
  };
  return {
    pool,
    prisma,
    transaction: (work) => runTransaction(pool, work),
    largeTransaction: (work) => runTransaction(pool, work, beginLarge),
    ping: (timeoutMs) => ping(pool, timeoutMs, log),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function openPool(options: DatabaseOptions): pg.Pool {
  const config = {
    connectionString: options.connectionString,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: CONNECTION_PATIENCE_MS,
    query_timeout: QUERY_PATIENCE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    idleTimeoutMillis: 30_000,
    // After a failover, connections move over to the new primary within this.
    maxLifetimeSeconds: 900,
    application_name: 'gatehouse',
    Client: ImpatientClient,
    onConnect: prepareSession,
  };
  const pool = new PunctualPool(config as pg.PoolConfig);
  pool.on('error', (error) => {
    options.log.warn({ reason: reasonOf(error) }, 'an idle database connection was lost');
  });
  // A connection that breaks while lent out would otherwise end the process; its query fails anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/**
 * Settings of the session, in a statement and not in the connection's start-up packet, which poolers such
 * as PgBouncer refuse. The time zone is no taste: PrismaPg writes and reads timestamps without one.
 */
async function prepareSession(client: pg.ClientBase): Promise<void> {
  const text = [
    `SET TIME ZONE 'UTC'`,
    `SET statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    `SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
  ].join('; ');
  await client.query({ text, query_timeout: SESSION_PATIENCE_MS } as pg.QueryConfig);
}

type Callback = (error: unknown, result: unknown) => void;

type Lent = Parameters<Parameters<pg.Pool['connect']>[0]>;

/**
 * Whoever finds a connection free has more time for each answer than whoever has to wait for one. And a query
 * whose named statement is of before a migration is asked again: Postgres has refused to begin with it, and the
 * connection that had it is dropped.
 */
class PunctualPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads have no common signature
  override query(...request: any[]): any {
    const query = super.query.bind(this) as unknown as (...request: unknown[]) => unknown;
    if (typeof request.at(-1) === 'function') return query(...request);
    // Each connection may have the old one.
    const ask = async (attempts: number): Promise<unknown> => {
      try {
        return await query(...request);
      } catch (error) {
        if (attempts === 0 || !isOfOldPlan(error)) throw error;
        return ask(attempts - 1);
      }
    };
    return ask(this.options.max);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: (...lent: Lent) => void): void;
  override connect(callback?: (...lent: Lent) => void): Promise<pg.PoolClient> | undefined {
    const isFree = this.idleCount > this.waitingCount;
    const lend = (client: pg.PoolClient) => {
      setPatience(client, isFree ? PROMPT_QUERY_PATIENCE_MS : QUERY_PATIENCE_MS);
      return client;
    };
    if (!callback) return super.connect().then(lend);
    super.connect((...lent) => {
      if (lent[1]) lend(lent[1]);
      callback(...lent);
    });
    return undefined;
  }
}

/**
 * A client that is dropped when a query times out. pg itself would leave the query under way and the
 * connection in use, so that whoever gets it next, in vain, waits too.
 */
class ImpatientClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads have no common signature
  override query(...request: any[]): any {
    const query = super.query as unknown as (...request: unknown[]) => unknown;
    const callback = request.at(-1);
    if (typeof callback === 'function') {
      const judged: Callback = (error, result) => {
        this.#judge(error);
        (callback as Callback)(error, result);
      };
      return query.apply(this, [...request.slice(0, -1), judged]);
    }
    const answer = query.apply(this, request);
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error: unknown) => {
      this.#judge(error);
      throw error;
    });
  }

  #judge(error: unknown): void {
    if (!(error instanceof Error) || error.message !== 'Query read timeout') return;
    const { connection } = this as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
  }
}

async function runTransaction<T>(
  pool: pg.Pool,
  work: (tx: pg.PoolClient) => Promise<T>,
  begin: (client: pg.PoolClient) => Promise<unknown> = (client) => client.query('BEGIN'),
): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await begin(client);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = isDatabaseUnavailable(error) || !(await rollback(client));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Every statement has the time that a large one may take, at both ends. */
async function beginLarge(client: pg.PoolClient): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SET LOCAL statement_timeout = ${LARGE_STATEMENT_TIMEOUT_MS}`);
  setPatience(client, LARGE_QUERY_PATIENCE_MS);
}

/** pg reads it at each query; from the pool's settings it has it only once. */
function setPatience(client: pg.PoolClient, ms: number): void {
  const { connectionParameters } = client as unknown as {
    connectionParameters: { query_timeout: number };
  };
  connectionParameters.query_timeout = ms;
}

/** @returns whether the connection can be used again */
async function rollback(client: pg.PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

async function ping(pool: pg.Pool, timeoutMs: number, log: Log): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const answer = pool.query('SELECT 1').then(
    () => true,
    (error: unknown) => {
      log.debug({ reason: reasonOf(error) }, 'the database does not answer');
      return false;
    },
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
