-- CreateIndex
CREATE INDEX "api_keys_created_by_id_id_idx" ON "api_keys"("created_by_id", "id");

-- A key ends with the key that made it: so do those whose maker was revoked before that was so.
WITH RECURSIVE ended AS (
  SELECT id FROM api_keys WHERE revoked_at IS NOT NULL
  UNION
  SELECT k.id FROM api_keys k JOIN ended ON k.created_by_id = ended.id
  WHERE k.created_by_kind = 'api_key')
UPDATE api_keys k SET revoked_at = now(), updated_at = now()
FROM ended WHERE ended.id = k.id AND k.revoked_at IS NULL;
