/**
 * SQL for a new UUID of version 7, as newId in src/lib/ids.ts makes them: for rows that a statement makes
 * of others. Postgres has it built in from 18 on only.
 *
 * @param at SQL for a timestamptz
 * @see RFC 9562 §5.7
 */
export function newIdSql(at: string): string {
  const hex = `lpad(to_hex((extract(epoch FROM ${at}) * 1000)::bigint), 12, '0')`;
  // The last 17 characters of a random UUID begin with its variant.
  return `substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-7'
    || substr(gen_random_uuid()::text, 1, 3) || '-' || right(gen_random_uuid()::text, 17)`;
}
