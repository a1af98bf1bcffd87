-- CreateTable
CREATE TABLE "playground_strangers" (
    "fingerprint" BYTEA NOT NULL,
    "network" BYTEA NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "identity" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "playground_strangers_pkey" PRIMARY KEY ("fingerprint")
);

-- CreateIndex
CREATE UNIQUE INDEX "playground_strangers_network_ordinal_key" ON "playground_strangers"("network", "ordinal");
