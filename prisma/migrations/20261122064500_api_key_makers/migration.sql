-- CreateIndex
CREATE INDEX "api_keys_created_by_id_id_idx" ON "api_keys"("created_by_id", "id");
