-- Written by hand. What was given up lately of each subscription, which its organization is told of.
SET LOCAL lock_timeout = '2s';
CREATE INDEX IF NOT EXISTS "webhook_deliveries_given_up" ON "webhook_deliveries"("subscription_id", "finished_at") WHERE "status" = 'dead';
