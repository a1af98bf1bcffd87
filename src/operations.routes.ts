import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Database } from './database/database.ts';
import type { Notifications } from './database/notifications.ts';
import type { MasterKey } from './lib/master-key.ts';
import type { Counters } from './limits/build-counters.ts';

/** How long a readiness check waits for the database: milliseconds. */
const PING_TIMEOUT_MS = 1_000;

/** Of this process, not of an app: what collects them cannot be taken down again. */
const registry = new Registry();
// The event loop's delay is watched by a timer; the library's own choice would wake an idle process all the time.
collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });

export interface OperationsDependencies {
  database: Database;
  notifications: Notifications;
  counters: Pick<Counters, 'redisHealth'>;
  masterKey: MasterKey;
  /** Opens the metrics to callers from other machines. */
  adminKey: string;
}

/** Liveness, readiness, metrics. */
export async function operationsRoutes(
  app: FastifyInstance,
  { database, notifications, counters, masterKey, adminKey }: OperationsDependencies,
) {
  const adminHash = masterKey.hashSecret(adminKey);
  const holdsAdminKey = ({ headers }: FastifyRequest) => {
    const presented = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    return (
      presented !== undefined && masterKey.sameHash(masterKey.hashSecret(presented), adminHash)
    );
  };

  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reachable = await database.ping(PING_TIMEOUT_MS);
    // For people to see. Without Redis the platform file says what happens to rates; all processes share it,
    // so that taking them out of the balancer would end what goes on without it.
    const redis = counters.redisHealth();
    const checks = {
      ...{ database: reachable, notifications: notifications.healthy },
      ...(redis === undefined ? {} : { redis }),
    };
    reply.header('cache-control', 'no-store');
    if (!reachable) reply.header('retry-after', '2');
    return reply
      .code(reachable ? 200 : 503)
      .send({ status: reachable ? 'ready' : 'unavailable', checks });
  });
  app.get('/metrics', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    if (!isOfThisMachine(request) && !holdsAdminKey(request)) {
      reply.code(401).header('www-authenticate', 'Bearer realm="metrics"');
      return reply.send({
        error: 'From another machine, metrics need Authorization: Bearer <ADMIN_KEY>.',
      });
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

const HANDED_ON = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** Whether a program on this machine asks, and not for somebody else. */
function isOfThisMachine({ socket, headers }: FastifyRequest): boolean {
  if (HANDED_ON.some((name) => name in headers)) return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
}
