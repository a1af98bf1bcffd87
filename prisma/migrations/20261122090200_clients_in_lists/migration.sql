SET LOCAL lock_timeout = '2s';

-- CreateIndex
CREATE INDEX IF NOT EXISTS "clients_created_by_created_at_idx" ON "clients"("created_by", "created_at");

-- CreateIndex
CREATE INDEX IF NOT EXISTS "clients_created_at_client_id_idx" ON "clients"("created_at", "client_id");
