import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Database } from './database/database.ts';
import type { Notifications } from './database/notifications.ts';

/** How long a readiness check waits for the database: milliseconds. */
const PING_TIMEOUT_MS = 1_000;

/** Of this process, not of an app: what collects them cannot be taken down again. */
const registry = new Registry();
collectDefaultMetrics({ register: registry });

/** Liveness, readiness, metrics. */
export async function operationsRoutes(
  app: FastifyInstance,
  { database, notifications }: { database: Database; notifications: Notifications },
) {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reachable = await database.ping(PING_TIMEOUT_MS);
    const checks = { database: reachable, notifications: notifications.healthy };
    reply.header('cache-control', 'no-store');
    if (!reachable) reply.header('retry-after', '2');
    return reply
      .code(reachable ? 200 : 503)
      .send({ status: reachable ? 'ready' : 'unavailable', checks });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
