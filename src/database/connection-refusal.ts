import type pg from 'pg';
import { reasonOf } from './log.ts';

/** The database cannot be used as DATABASE_URL says; the message says why, without the password. */
export class DatabaseConnectionError extends Error {
  override name = 'DatabaseConnectionError';
}

/** @throws DatabaseConnectionError in words for whoever set DATABASE_URL */
export async function connectOrExplain(client: pg.Client, connectionString: string): Promise<void> {
  try {
    await client.connect();
  } catch (cause) {
    throw new DatabaseConnectionError(explain(cause, connectionString), { cause });
  }
}

function explain(cause: unknown, connectionString: string): string {
  const url = URL.parse(connectionString);
  const place = `Postgres at ${url?.host || 'its socket'}`;
  const database = decodeURIComponent(url?.pathname.slice(1) ?? '');
  const { code } = cause as { code?: string };
  switch (code) {
    case '28P01':
    case '28000':
      return `${place} refuses the user of DATABASE_URL (${reasonOf(cause)}): mend its name, password or pg_hba.conf.`;
    case '3D000':
      return `${place} has no database "${database}": create it, or name another one in DATABASE_URL.`;
    case '57P03':
      return `${place} is starting or stopping (${reasonOf(cause)}): start Gatehouse again in a moment.`;
    case '53300':
      return `${place} has no connection left (${reasonOf(cause)}): raise max_connections, or lower DATABASE_POOL_SIZE.`;
    default:
      return `${place} cannot be reached (${reasonOf(cause)}): is it running, and is DATABASE_URL right?`;
  }
}
