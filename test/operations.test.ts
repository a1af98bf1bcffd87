import fastify from 'fastify';
import t from 'tap';
import type { Database } from '../src/database/database.ts';
import type { Notifications } from '../src/database/notifications.ts';
import { createMasterKey } from '../src/lib/master-key.ts';
import { operationsRoutes } from '../src/operations.routes.ts';

const adminKey = 'admin-key-of-more-than-24-characters';
const app = fastify();
await app.register(operationsRoutes, {
  database: { ping: async () => true } as unknown as Database,
  notifications: { healthy: true } as Notifications,
  counters: { redisHealth: () => undefined },
  masterKey: createMasterKey(Buffer.alloc(32, 1)),
  adminKey,
});
t.teardown(() => app.close());

const metrics = (remoteAddress: string, headers: Record<string, string> = {}) =>
  app.inject({ url: '/metrics', remoteAddress, headers });

t.test('metrics are open to this machine', async (t) => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) {
    const answer = await metrics(address);
    t.equal(answer.statusCode, 200, address);
    t.match(answer.body, /^process_cpu_seconds_total /m);
    t.match(answer.headers['content-type'], /^text\/plain; version=/);
  }
});

t.test('metrics are closed to others, also through a proxy on this machine', async (t) => {
  const callers: [string, Record<string, string>][] = [
    ['203.0.113.9', {}],
    ['10.0.0.1', {}],
    ['::ffff:10.0.0.1', {}],
    ['203.0.113.9', { 'x-forwarded-for': '127.0.0.1' }],
    ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }],
    ['127.0.0.1', { forwarded: 'for=203.0.113.9' }],
    ['127.0.0.1', { 'x-real-ip': '203.0.113.9' }],
    ['127.0.0.1', { via: '1.1 proxy' }],
    ['10.0.0.1', { authorization: `Bearer ${adminKey}x` }],
    ['10.0.0.1', { authorization: `Basic ${adminKey}` }],
    ['10.0.0.1', { authorization: 'Bearer ' }],
  ];
  for (const [address, headers] of callers) {
    const answer = await metrics(address, headers);
    t.equal(answer.statusCode, 401, `${address} ${Object.keys(headers)}`);
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="metrics"');
    t.notMatch(answer.body, /process_/);
  }
});

t.test('ADMIN_KEY opens them from anywhere', async (t) => {
  const authorization = `Bearer ${adminKey}`;
  for (const headers of [
    { authorization },
    { authorization, 'x-forwarded-for': '203.0.113.9' } as Record<string, string>,
  ]) {
    const answer = await metrics('10.0.0.1', headers);
    t.equal(answer.statusCode, 200);
  }
});

t.test('liveness and readiness are open to everybody', async (t) => {
  for (const url of ['/healthz', '/readyz']) {
    t.equal((await app.inject({ url, remoteAddress: '203.0.113.9' })).statusCode, 200, url);
  }
});
