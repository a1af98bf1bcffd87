-- Written by hand. What a client still has is found without passing over all that it ever had.
SET LOCAL lock_timeout = '2s';
CREATE INDEX "grants_living" ON "grants"("client_id") WHERE "revoked_at" IS NULL;
