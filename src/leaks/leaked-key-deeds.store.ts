import { descendantsOf } from '../credentials/api-keys/lineage.store.ts';
import type { Executor } from '../database/executor.ts';

/**
 * What a leaked key, or one that descends from it, has done to keys that go on working, by the log. The
 * latest are first; no key is in both lists.
 */
export interface KeyDeeds {
  /** Whoever had the leaked key was given the new strings of these. */
  readonly rotated: readonly NamedKey[];
  /** Narrowed, widened, disabled, enabled, renamed. */
  readonly changed: readonly NamedKey[];
  /** There are more of a kind than the {@link MOST_DEEDS} that are here. */
  readonly hasMore: boolean;
}

export interface NamedKey {
  readonly id: string;
  readonly name: string;
}

/** Of each kind: however much is renamed, it pushes out nothing that was rotated. */
export const MOST_DEEDS = 50;

const NONE: KeyDeeds = { rotated: [], changed: [], hasMore: false };

/**
 * Of keys of one organization, by their ids; one that has done nothing is left out. What a key has made is
 * none of it, as that ends with it.
 */
export async function findKeyDeeds(
  executor: Executor,
  organizationId: string,
  leakedIds: readonly string[],
): Promise<ReadonlyMap<string, KeyDeeds>> {
  if (leakedIds.length === 0) return new Map();
  const { rows } = await executor.query<DeedRow>(
    `SELECT leaked.id AS leaked_id, deed.*
     FROM unnest($1::text[]) AS leaked(id)
     CROSS JOIN LATERAL (
       WITH RECURSIVE ${descendantsOf('leaked.id')}
       SELECT k.id, k.name, bool_or(e.type = 'api_key.rotated') AS was_rotated, max(e.id) AS latest,
         row_number() OVER (PARTITION BY bool_or(e.type = 'api_key.rotated')
           ORDER BY max(e.id) DESC) AS place
       FROM (SELECT leaked.id UNION ALL SELECT id FROM descendants) AS actor(id)
       JOIN audit_events e ON e.organization_id = $2 AND e.actor_id = actor.id
       JOIN api_keys k ON k.id = e.target_id AND k.organization_id = $2
       WHERE e.actor_kind = 'api_key' AND e.target_kind = 'api_key'
         AND e.type IN ('api_key.rotated', 'api_key.updated', 'api_key.disabled')
         AND k.revoked_at IS NULL AND k.id NOT IN (SELECT id FROM descendants)
       GROUP BY k.id) AS deed
     WHERE deed.place <= ${MOST_DEEDS + 1}
     ORDER BY leaked.id, deed.was_rotated DESC, deed.latest DESC`,
    [leakedIds, organizationId],
  );
  const byKey = Map.groupBy(rows, (row) => row.leaked_id);
  return new Map([...byKey].map(([id, deeds]) => [id, toDeeds(deeds)]));
}

/** What one key has done, see {@link findKeyDeeds}. */
export async function findDeedsOf(
  executor: Executor,
  key: { readonly id: string; readonly organizationId: string },
): Promise<KeyDeeds> {
  const deeds = await findKeyDeeds(executor, key.organizationId, [key.id]);
  return deeds.get(key.id) ?? NONE;
}

interface DeedRow extends NamedKey {
  readonly leaked_id: string;
  readonly was_rotated: boolean;
}

function toDeeds(rows: readonly DeedRow[]): KeyDeeds {
  const [rotated, changed] = [true, false].map((wasRotated) =>
    rows.filter((row) => row.was_rotated === wasRotated).map(({ id, name }) => ({ id, name })),
  ) as [NamedKey[], NamedKey[]];
  return {
    rotated: rotated.slice(0, MOST_DEEDS),
    changed: changed.slice(0, MOST_DEEDS),
    hasMore: rotated.length > MOST_DEEDS || changed.length > MOST_DEEDS,
  };
}
