-- AlterTable
ALTER TABLE "sign_in_attempts" ADD COLUMN     "refusal_id" TEXT,
ADD COLUMN     "masked_email" TEXT;

-- CreateIndex
CREATE INDEX "clients_created_at_client_id_idx" ON "clients"("created_at", "client_id");

-- CreateIndex
CREATE INDEX "organizations_plan_id_idx" ON "organizations"("plan", "id");

-- Few windows refuse anybody; those are listed, the newest refusal first.
CREATE UNIQUE INDEX "sign_in_attempts_refusal" ON "sign_in_attempts"("refusal_id") WHERE "refusal_id" IS NOT NULL;
