-- By itself, as it reads the whole log: it holds the rows that it changes, and no table.

-- The log says what made those that are there, as far back as it goes.
UPDATE "clients" c SET "created_by_kind" = e."actor_kind"
FROM (SELECT DISTINCT ON ("target_id") "target_id", "actor_kind", "actor_id" FROM "audit_events"
      WHERE "type" = 'client.created' AND "target_kind" = 'client'
      ORDER BY "target_id", "id") e
WHERE e."target_id" = c."client_id" AND e."actor_id" IS NOT DISTINCT FROM c."created_by";

-- Else it is told by the id, unless what it names is gone.
UPDATE "clients" c SET "created_by_kind" = CASE
  WHEN EXISTS (SELECT FROM "users" WHERE "id" = c."created_by") THEN 'user'
  WHEN EXISTS (SELECT FROM "api_keys" WHERE "id" = c."created_by") THEN 'api_key'
  WHEN EXISTS (SELECT FROM "service_accounts" WHERE "id" = c."created_by") THEN 'service_account'
  WHEN EXISTS (SELECT FROM "clients" maker WHERE maker."client_id" = c."created_by") THEN 'client'
END
WHERE "created_by_kind" IS NULL AND "created_by" IS NOT NULL;
