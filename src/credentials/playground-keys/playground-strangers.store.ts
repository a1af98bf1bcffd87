import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';

/** One stranger of a network at a time; beside a hash of the network. */
const NETWORK_LOCK = 1_142_025;

/** The identity that a fingerprint was given when it was first seen. */
export async function findStranger(
  executor: Executor,
  fingerprint: Uint8Array,
): Promise<string | undefined> {
  const { rows } = await executor.query<{ identity: string }>({
    name: 'find_playground_stranger',
    text: 'SELECT identity FROM playground_strangers WHERE fingerprint = $1',
    values: [fingerprint],
  });
  return rows[0]?.identity;
}

/**
 * Gives a fingerprint its identity for life: the next of its network's, in turn. However many ask at once,
 * and from wherever, one fingerprint has one identity.
 *
 * @param identities all that the network has; never empty
 */
export async function rememberStranger(
  database: Database,
  stranger: { fingerprint: Uint8Array; network: Uint8Array },
  identities: readonly string[],
  now: Date,
): Promise<string> {
  const { fingerprint, network } = stranger;
  return database.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock($1, hashtext(encode($2::bytea, 'hex')))`, [
      NETWORK_LOCK,
      network,
    ]);
    // Whoever held the lock before may have been the same stranger.
    const known = await findStranger(tx, fingerprint);
    if (known) return known;
    const { rows } = await tx.query<{ identity: string }>(
      `INSERT INTO playground_strangers (fingerprint, network, ordinal, identity, created_at)
       SELECT $1, $2, next.ordinal, ($3::text[])[1 + next.ordinal % cardinality($3::text[])], $4
       FROM (SELECT coalesce(max(ordinal) + 1, 0) AS ordinal
             FROM playground_strangers WHERE network = $2) AS next
       ON CONFLICT (fingerprint) DO NOTHING RETURNING identity`,
      [fingerprint, network, identities, now],
    );
    // Else it came from another network in this moment.
    return rows[0]?.identity ?? (await findStranger(tx, fingerprint))!;
  });
}
