SET LOCAL lock_timeout = '2s';

-- CreateIndex
CREATE INDEX IF NOT EXISTS "service_accounts_created_by_id_id_idx" ON "service_accounts"("created_by_id", "id");
