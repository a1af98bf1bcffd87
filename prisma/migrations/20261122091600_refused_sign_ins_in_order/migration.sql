-- Written by hand. Few windows refuse anybody; those are listed, the newest refusal first.
SET LOCAL lock_timeout = '2s';
CREATE UNIQUE INDEX "sign_in_attempts_refusal" ON "sign_in_attempts"("refusal_id") WHERE "refusal_id" IS NOT NULL;
