-- CreateTable
CREATE TABLE "invitations" (
    "id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "invited_by_kind" TEXT NOT NULL,
    "invited_by_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "accepted_by_id" TEXT,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invitations_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "invitations_hash_key" ON "invitations"("hash");

-- CreateIndex
CREATE INDEX "invitations_organization_id_id_idx" ON "invitations"("organization_id", "id");

-- CreateIndex
CREATE INDEX "invitations_expires_at_idx" ON "invitations"("expires_at");

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What schema.prisma cannot say:
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_email_normalised" CHECK ("email" = btrim("email") AND "email" <> '' AND "email" !~ '[A-Z]');
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_role_known" CHECK ("role" IN ('owner', 'admin', 'member'));
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_one_end" CHECK ("accepted_at" IS NULL OR "revoked_at" IS NULL);
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_accepted_by_somebody" CHECK (("accepted_at" IS NULL) = ("accepted_by_id" IS NULL));

-- An address has one open invitation of an organization.
CREATE UNIQUE INDEX "invitations_open" ON "invitations"("organization_id", "email") WHERE "accepted_at" IS NULL AND "revoked_at" IS NULL;

-- An organization's log by day, by type and by actor; most events belong to no organization.
CREATE INDEX "audit_events_by_day" ON "audit_events"("organization_id", "occurred_at") WHERE "organization_id" IS NOT NULL;
CREATE INDEX "audit_events_by_type" ON "audit_events"("organization_id", "type", "id") WHERE "organization_id" IS NOT NULL;
CREATE INDEX "audit_events_by_actor" ON "audit_events"("organization_id", "actor_id", "id") WHERE "organization_id" IS NOT NULL;
