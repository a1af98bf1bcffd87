import fastify from 'fastify';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

// The yardstick of a decision about a JWT: a Fastify route that verifies its signature and answers the same
// bytes.

const port = Number(process.argv[2]);
const headers = JSON.parse(process.argv[3] ?? '{}') as Record<string, string>;
const keys = createLocalJWKSet(JSON.parse(process.argv[4] ?? '{"keys":[]}') as JSONWebKeySet);

const app = fastify();
app.get('/readyz', async () => 'ready');
app.get('/gate/check', async (request, reply) => {
  await jwtVerify(request.headers.authorization?.slice('Bearer '.length) ?? '', keys);
  return reply.code(200).headers(headers).send();
});
await app.listen({ host: '127.0.0.1', port });
