-- What schema.prisma cannot say: a page of living keys passes over none that were revoked.
CREATE INDEX "api_keys_living" ON "api_keys"("organization_id", "id") WHERE "revoked_at" IS NULL;
