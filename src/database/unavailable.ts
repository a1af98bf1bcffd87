/** SQLSTATEs that say "not now": nothing is wrong with the statement. */
const SQL_STATES = new Set([
  '25P03', // idle_in_transaction_session_timeout
  '40P01', // deadlock_detected: two wanted what the other had, and this one gave way
  '25006', // read_only_sql_transaction: a failover has left us at a standby
  '53300', // too_many_connections
  '57014', // query_canceled: our own statement_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting up, or shutting down
  '57P05', // idle_session_timeout
]);

const SOCKET_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'ENOENT'],
]);

/** pg words these without a code. */
const MESSAGES =
  /^(Query read timeout|timeout expired|timeout exceeded when trying to connect|Connection terminated\b|Client has encountered a connection error|Client was closed|The server closed the connection|Cannot use a pool after calling end)/;

/** A named statement that selects what a migration has just changed, on a connection of before. */
const OLD_PLAN = 'cached plan must not change result type';

/** Unreachable, timed out, connection closed, no free connection, too many, transaction not started. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);

const ADAPTER_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
]);

const DEEPEST = 6;

/**
 * Whether an error means that the database cannot be reached, or does not answer, right now: the caller
 * answers 503 and the same request may succeed later. An error in what was asked (a constraint, a missing
 * table, a wrong password) is not that.
 *
 * Knows the shapes of pg, of Node's sockets, of Prisma and its driver adapter, and looks into `cause`.
 */
export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > DEEPEST) return false;
  const { code, errorCode, message, kind, syscall, cause, errors, meta } = error as Record<
    string,
    unknown
  >;
  if (typeof kind === 'string' && ADAPTER_KINDS.has(kind)) return true;
  if (typeof message === 'string' && MESSAGES.test(message)) return true;
  if (isOfOldPlan(error)) return true;
  for (const value of [code, errorCode]) {
    if (typeof value !== 'string') continue;
    // Class 08: connection exceptions. ENOENT of anything but a socket is a missing file.
    if (SQL_STATES.has(value) || /^08[0-9A-Z]{3}$/.test(value)) return true;
    if (PRISMA_CODES.has(value)) return true;
    if (SOCKET_CODES.has(value)) return value !== 'ENOENT' || syscall === 'connect';
  }
  const inner = [cause, ...(Array.isArray(errors) ? errors : []), adapterError(meta)];
  return inner.some((one) => isDatabaseUnavailable(one, depth + 1));
}

/** Nothing was done, and another connection will do it. */
export function isOfOldPlan(error: unknown): boolean {
  const { code, message } = (error ?? {}) as Record<string, unknown>;
  return code === '0A000' && message === OLD_PLAN;
}

function adapterError(meta: unknown): unknown {
  return typeof meta === 'object' && meta !== null && 'driverAdapterError' in meta
    ? meta.driverAdapterError
    : undefined;
}
