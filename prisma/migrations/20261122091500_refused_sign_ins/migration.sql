-- Nobody signs in while this waits for its turn, so it does not wait for long; it is tried again.
SET LOCAL lock_timeout = '2s';

-- AlterTable
ALTER TABLE "sign_in_attempts" ADD COLUMN     "refusal_id" TEXT,
ADD COLUMN     "masked_email" TEXT;
