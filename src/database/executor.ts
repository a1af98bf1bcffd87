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
