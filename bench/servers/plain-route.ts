import fastify from 'fastify';

// The yardstick of a decision: a Fastify route that answers the same bytes and decides nothing. Also the API
// behind the proxy.

const port = Number(process.argv[2]);
const headers = JSON.parse(process.argv[3] ?? '{}') as Record<string, string>;
const decision = JSON.parse(process.argv[4] ?? '""') as string;

const app = fastify();
app.get('/readyz', async () => 'ready');
app.get('/gate/check', (_request, reply) => reply.code(200).headers(headers).send());
app.post('/gate/decision', (_request, reply) => reply.headers(headers).send(decision));
app.get('/v1/things/:id', async () => ({ id: '1', name: 'a thing' }));
await app.listen({ host: '127.0.0.1', port });
