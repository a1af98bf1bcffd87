import { defineConfig } from 'prisma/config';

// Only `prisma generate` uses this. Migrations are applied by src/database/migrate.ts.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
