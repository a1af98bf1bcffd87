import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import { patiently } from '../database/patiently.ts';
import { resourcesOf } from '../oauth/scopes.ts';
import type { Platform } from './platform.ts';

/** Serialises the synchronisation when several processes start at once. */
const DECLARATIONS_LOCK = 7_270_738;

/**
 * Brings the tables of scopes and plans to what the platform file declares. What left the file is
 * retired, not deleted: consents and organizations may still name it.
 */
export async function syncDeclarations(
  database: Database,
  platform: Platform,
  now: Date,
): Promise<void> {
  await patiently(() =>
    database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [DECLARATIONS_LOCK]);
      await syncScopes(tx, platform, now);
      await syncPlans(tx, platform, now);
    }),
  );
}

async function syncScopes(tx: Executor, platform: Platform, now: Date): Promise<void> {
  const resources = resourcesOf(platform);
  const rows = platform.scopes.map((scope, position) => ({
    name: scope.name,
    title: scope.title,
    description: scope.description,
    access: scope.access,
    resource:
      resources.find((one) => one.scopes.includes(scope.name))?.identifier ??
      platform.api.identifier,
    position,
  }));
  await tx.query(
    `INSERT INTO scopes (name, title, description, access, resource, position, updated_at)
     SELECT name, title, description, access, resource, position, $2
     FROM json_to_recordset($1) AS declared(name text, title text, description text, access text,
       resource text, position int)
     ON CONFLICT (name) DO UPDATE SET title = EXCLUDED.title, description = EXCLUDED.description,
       access = EXCLUDED.access, resource = EXCLUDED.resource, position = EXCLUDED.position,
       retired_at = NULL, updated_at = EXCLUDED.updated_at`,
    [JSON.stringify(rows), now],
  );
  await tx.query('UPDATE scopes SET retired_at = $2 WHERE retired_at IS NULL AND name <> ALL($1)', [
    rows.map((row) => row.name),
    now,
  ]);
}

async function syncPlans(tx: Executor, platform: Platform, now: Date): Promise<void> {
  const rows = platform.plans.map((plan, position) => ({ ...plan, position }));
  await tx.query(
    `INSERT INTO plans (name, title, modules, limits, position, updated_at)
     SELECT name, title, ARRAY(SELECT json_array_elements_text(modules)), limits, position, $2
     FROM json_to_recordset($1) AS declared(name text, title text, modules json, limits jsonb,
       position int)
     ON CONFLICT (name) DO UPDATE SET title = EXCLUDED.title, modules = EXCLUDED.modules,
       limits = EXCLUDED.limits, position = EXCLUDED.position, retired_at = NULL,
       updated_at = EXCLUDED.updated_at`,
    [JSON.stringify(rows), now],
  );
  await tx.query('UPDATE plans SET retired_at = $2 WHERE retired_at IS NULL AND name <> ALL($1)', [
    rows.map((row) => row.name),
    now,
  ]);
}
