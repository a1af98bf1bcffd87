-- Written by hand: Prisma has no words for it. What waits of each organization, whatever the others have waiting.
SET LOCAL lock_timeout = '2s';
CREATE INDEX IF NOT EXISTS "outbox_waiting" ON "outbox"("organization_id", "available_at") WHERE "delivered_at" IS NULL AND "topic" = 'webhook';
