import { generateKeyPairSync } from 'node:crypto';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { exportJWK, SignJWT } from 'jose';
import { freePort, type GatehouseProcess, startGatehouseProcess } from './lib/gatehouse-process.ts';
import type { Harness } from './lib/harness.ts';
import { storeStrangersKeys } from './lib/many-keys.ts';
import type { HttpSubject } from './lib/measure.ts';
import { startRedis } from './lib/redis-process.ts';
import { type ServerProcess, startServerProcess } from './lib/server-process.ts';

// A decision as a proxy asks for it: scope, entitlement and a rate, held against Fastify routes that answer
// the same bytes and decide nothing, or verify a signature and nothing else.

export const name = 'gate';

const PLATFORM = fileURLToPath(new URL('./platforms/gate.yaml', import.meta.url));
const AUDIENCE = 'https://api.bench.example';
const ASKED = { 'x-original-method': 'GET', 'x-original-uri': '/v1/things/1' };
const WORKING_KEYS = 1_000;

export async function run(harness: Harness): Promise<void> {
  const gatehouse = await startGatehouseProcess({ PLATFORM });
  try {
    const { id: organizationId } = await gatehouse.manage<{ id: string }>('/organizations', {
      name: 'Bench',
    });
    const makeKey = () => newKey(gatehouse, organizationId);
    await compareKeys(harness, gatehouse, await makeKey());
    await compareTokens(harness, gatehouse, organizationId);
    await compareManyKeys(harness, gatehouse, organizationId, makeKey);
  } finally {
    await gatehouse.stop();
  }
  await withRedis(harness);
  await throughProxy(harness);
}

/** The same decision with its rate counted in Redis: one round trip more, where two processes agree. */
async function withRedis(harness: Harness): Promise<void> {
  const redis = await startRedis();
  if (!redis)
    return console.log('Without redis-server (apt-get install redis-server): no Redis row.');
  const gatehouse = await startGatehouseProcess({ PLATFORM, REDIS_URL: redis.url });
  try {
    const { id } = await gatehouse.manage<{ id: string }>('/organizations', { name: 'Bench' });
    const key = await newKey(gatehouse, id);
    const plain = await startYardstick('plain-route', await answerHeaders(gatehouse, key));
    const baseline = 'Fastify, the same bytes';
    await harness.compare({
      title: 'A decision for an API key, its rate counted in Redis',
      baseline,
      subjects: [asking(baseline, plain, key), asking('Gatehouse', gatehouse, key)],
    });
    await plain.stop();
  } finally {
    await gatehouse.stop();
    redis.stop();
  }
}

/** One caller at a time, so that what is measured is the way and not the queue. */
async function throughProxy(harness: Harness): Promise<void> {
  const upstream = await startYardstick('plain-route');
  const gatehouse = await startGatehouseProcess({ PLATFORM, UPSTREAM: upstream.url });
  try {
    const { id } = await gatehouse.manage<{ id: string }>('/organizations', { name: 'Bench' });
    const key = await newKey(gatehouse, id);
    const alone = 'the API alone';
    const { rows } = await harness.compare({
      title: 'The gate as a proxy, one caller at a time',
      baseline: alone,
      subjects: [
        { name: alone, connections: 1, call: getter(upstream.url, key) },
        { name: 'through Gatehouse', connections: 1, call: getter(gatehouse.url, key) },
      ],
    });
    const p50 = (name: string) => rows.find((row) => row.name === name)?.p50 ?? 0;
    harness.record({
      title: 'Latency that the proxy adds',
      facts: [
        {
          name: 'at the median',
          value: (p50('through Gatehouse') - p50(alone)) * 1000,
          unit: 'µs',
        },
      ],
    });
  } finally {
    await gatehouse.stop();
    await upstream.stop();
  }
}

function getter(url: string, key: string): () => Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const options = { agent, headers: { authorization: `Bearer ${key}` } };
  return () =>
    new Promise((resolve, reject) => {
      get(`${url}/v1/things/1`, options, (answer) => {
        answer.resume();
        answer.once('end', () =>
          answer.statusCode === 200
            ? resolve()
            : reject(new Error(`the proxy answered ${answer.statusCode}`)),
        );
      }).once('error', reject);
    });
}

async function compareKeys(harness: Harness, gatehouse: GatehouseProcess, key: string) {
  const plain = await startYardstick('plain-route', await answerHeaders(gatehouse, key));
  const baseline = 'Fastify, the same bytes';
  try {
    await harness.compare({
      title: 'A decision for an API key: scope, entitlement, a rate',
      baseline,
      targets: [{ subject: 'Gatehouse', atLeast: 0.5 }],
      rounds: 5,
      subjects: [asking(baseline, plain, key), asking('Gatehouse', gatehouse, key)],
    });
  } finally {
    await plain.stop();
  }
}

/** Each token is presented again and again, as tokens are. */
async function compareTokens(
  harness: Harness,
  gatehouse: GatehouseProcess,
  organizationId: string,
) {
  const serviceJwt = await newServiceJwt(gatehouse, organizationId);
  const accessToken = await newAccessToken(gatehouse, organizationId);
  const jwks = (await (await fetch(`${gatehouse.url}/oauth/jwks`)).json()) as object;
  const tokens = [
    { title: 'an access token', token: accessToken, keys: jwks },
    { title: 'a service JWT', token: serviceJwt.token, keys: serviceJwt.jwks },
  ];
  for (const { title, token, keys } of tokens) {
    const headers = await answerHeaders(gatehouse, token);
    const verifying = await startYardstick('signature-route', headers, keys);
    const baseline = 'Fastify, verifies the signature only';
    try {
      await harness.compare({
        title: `A decision for ${title}: scope, entitlement, a rate`,
        baseline,
        targets: [{ subject: 'Gatehouse', atLeast: 0.5 }],
        subjects: [asking(baseline, verifying, token), asking('Gatehouse', gatehouse, token)],
      });
    } finally {
      await verifying.stop();
    }
  }
}

/** A thousand keys in turn, first alone and then among a million of other people's. */
async function compareManyKeys(
  harness: Harness,
  gatehouse: GatehouseProcess,
  organizationId: string,
  makeKey: () => Promise<string>,
) {
  const keys: string[] = [];
  while (keys.length < WORKING_KEYS) keys.push(await makeKey());
  let next = 0;
  const subject = (name: string): HttpSubject => ({
    name,
    url: gatehouse.url,
    pid: gatehouse.pid,
    request: () => check(keys[next++ % keys.length]!),
  });
  const few = await harness.measure(subject('a thousand keys'));
  const again = await harness.measure(subject('a thousand keys'));
  await storeStrangersKeys(gatehouse.dataDir, organizationId, 1_000_000);
  await harness.measure(subject('warm'));
  const many = await harness.measure(subject('a million keys'));
  const least = Math.min(few.perSecond, again.perSecond);
  harness.record({
    title: 'A decision for one of a thousand keys, by how many are stored',
    facts: [
      { name: 'a thousand keys stored', value: few.perSecond, unit: 'per second' },
      { name: 'the same once more', value: again.perSecond, unit: 'per second' },
      { name: 'a million keys stored', value: many.perSecond, unit: 'per second' },
      { name: 'ratio', value: many.perSecond / least, unit: '×' },
    ],
  });
}

const check = (credential: string) => ({
  method: 'GET',
  path: '/gate/check',
  headers: { ...ASKED, authorization: `Bearer ${credential}` },
});

const asking = (name: string, { url, pid }: ServerProcess, credential: string): HttpSubject => ({
  ...{ name, url, pid },
  request: check(credential),
});

async function answerHeaders(
  { url }: ServerProcess,
  credential: string,
): Promise<Record<string, string>> {
  const { path, headers } = check(credential);
  const answer = await fetch(url + path, { headers });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  const own = ['connection', 'keep-alive', 'date', 'content-length', 'transfer-encoding'];
  return Object.fromEntries([...answer.headers].filter(([header]) => !own.includes(header)));
}

async function startYardstick(file: string, ...facts: object[]): Promise<ServerProcess> {
  const port = await freePort();
  return startServerProcess({
    file: fileURLToPath(new URL(`./servers/${file}.ts`, import.meta.url)),
    args: [String(port), ...facts.map((fact) => JSON.stringify(fact))],
    url: `http://127.0.0.1:${port}`,
  });
}

async function newKey(gatehouse: GatehouseProcess, organizationId: string): Promise<string> {
  const made = await gatehouse.manage<{ key: string }>('/api-keys', {
    ...{ organization_id: organizationId, name: 'Bench', scopes: ['things:read'] },
  });
  return made.key;
}

async function newAccessToken(
  gatehouse: GatehouseProcess,
  organizationId: string,
): Promise<string> {
  const client = await gatehouse.manage<{ client_id: string; client_secret: string }>('/clients', {
    ...{ name: 'Bench', organization_id: organizationId, scope: 'things:read' },
    grant_types: ['client_credentials'],
  });
  const answer = await fetch(`${gatehouse.url}/oauth/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    body: 'grant_type=client_credentials&scope=things:read',
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function newServiceJwt(gatehouse: GatehouseProcess, organizationId: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' }] };
  const { id } = await gatehouse.manage<{ id: string }>('/service-accounts', {
    ...{ organization_id: organizationId, name: 'Bench', scopes: ['things:read'], jwks },
  });
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('50m')
    .sign(privateKey);
  return { token, jwks };
}
