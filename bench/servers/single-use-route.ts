import fastify from 'fastify';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import pg from 'pg';

// The yardstick of a decision about a JWT that is taken once: a Fastify route that verifies its signature, keeps
// its jti in Postgres, refuses one that is kept, and answers the same bytes.

const port = Number(process.argv[2]);
const headers = JSON.parse(process.argv[3] ?? '{}') as Record<string, string>;
const keys = createLocalJWKSet(JSON.parse(process.argv[4] ?? '{"keys":[]}') as JSONWebKeySet);
const pool = new pg.Pool({ connectionString: JSON.parse(process.argv[5] ?? '""') as string });

await pool.query('CREATE TABLE taken (jti text PRIMARY KEY, expires_at timestamptz NOT NULL)');
const app = fastify();
app.addHook('onClose', () => pool.end());
app.get('/readyz', async () => 'ready');
app.get('/gate/check', async (request, reply) => {
  const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const { payload } = await jwtVerify(token, keys);
  const { rowCount } = await pool.query({
    name: 'take',
    text: 'INSERT INTO taken VALUES ($1, to_timestamp($2)) ON CONFLICT DO NOTHING',
    values: [payload.jti, payload.exp],
  });
  return rowCount === 1 ? reply.code(200).headers(headers).send() : reply.code(401).send();
});
await app.listen({ host: '127.0.0.1', port });
