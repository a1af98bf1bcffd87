-- AlterTable
ALTER TABLE "clients" ADD COLUMN "created_by_kind" TEXT;

-- CreateIndex
CREATE INDEX "clients_created_by_created_at_idx" ON "clients"("created_by", "created_at");

-- CreateIndex
CREATE INDEX "service_accounts_created_by_id_id_idx" ON "service_accounts"("created_by_id", "id");

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
