-- CreateTable
CREATE TABLE "leaked_keys" (
    "api_key_id" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "dismissed_at" TIMESTAMPTZ(3),

    CONSTRAINT "leaked_keys_pkey" PRIMARY KEY ("api_key_id")
);

-- AddForeignKey
ALTER TABLE "leaked_keys" ADD CONSTRAINT "leaked_keys_api_key_id_fkey" FOREIGN KEY ("api_key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was reported before stands in the log.
INSERT INTO "leaked_keys" ("api_key_id", "place", "reported_at")
SELECT DISTINCT ON (k."id") k."id", coalesce(e."details"->>'found_at', ''), e."occurred_at"
FROM "audit_events" e JOIN "api_keys" k ON k."id" = e."target_id"
WHERE e."type" = 'api_key.leaked' AND e."target_kind" = 'api_key'
ORDER BY k."id", e."id";
