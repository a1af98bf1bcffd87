SET LOCAL lock_timeout = '2s';

-- CreateIndex
CREATE INDEX IF NOT EXISTS "organizations_plan_id_idx" ON "organizations"("plan", "id");
