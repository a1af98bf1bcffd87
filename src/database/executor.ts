import type { QueryResult, QueryResultRow } from 'pg';

/** Whatever runs SQL: the pool, or the connection of a transaction. */
export interface Executor {
  query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>>;
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
}

/** A statement with a name is prepared once per connection: for the hot paths. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/**
 * A condition that always holds, for a statement whose commit need not be on the disk when it is answered:
 * what may be forgotten in a crash, or is followed by a commit that waits, and with its own writes takes
 * all earlier ones to the disk. Holds until the transaction ends.
 *
 * @see PostgreSQL: synchronous_commit
 */
export const WITHOUT_WAITING_FOR_DISK = `set_config('synchronous_commit', 'off', true) IS NOT NULL`;
