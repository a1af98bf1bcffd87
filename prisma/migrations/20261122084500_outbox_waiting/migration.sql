-- Written by hand: Prisma has no words for it. What waits of each organization, whatever the others have waiting.
CREATE INDEX "outbox_waiting" ON "outbox"("organization_id", "available_at") WHERE "delivered_at" IS NULL AND "topic" = 'webhook';

-- What was given up lately of each subscription, which its organization is told of.
CREATE INDEX "webhook_deliveries_given_up" ON "webhook_deliveries"("subscription_id", "finished_at") WHERE "status" = 'dead';
