-- Nobody reads clients while this waits for its turn, so it does not wait for long; it is tried again.
SET LOCAL lock_timeout = '2s';

-- AlterTable
ALTER TABLE "clients" ADD COLUMN "created_by_kind" TEXT;
