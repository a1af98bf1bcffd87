-- CreateTable
CREATE TABLE "usage_batches" (
    "id" TEXT NOT NULL,
    "written_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_batches_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "usage_batches_written_at_idx" ON "usage_batches"("written_at");
