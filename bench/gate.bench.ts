import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { newAccessToken, newKey, newServiceAccount } from './lib/credentials.ts';
import { type GatehouseProcess, startGatehouseProcess } from './lib/gatehouse-process.ts';
import type { Harness } from './lib/harness.ts';
import { storeStrangersKeys } from './lib/many-keys.ts';
import type { HttpSubject } from './lib/measure.ts';
import { startRedis } from './lib/redis-process.ts';
import type { ServerProcess } from './lib/server-process.ts';
import { startYardstick } from './lib/yardstick.ts';

// A decision as a proxy asks for it: scope, entitlement and a rate, held against Fastify routes that answer
// the same bytes and decide nothing, or verify a signature and nothing else.

export const name = 'gate';

const PLATFORM = fileURLToPath(new URL('./platforms/gate.yaml', import.meta.url));
const ASKED = { 'x-original-method': 'GET', 'x-original-uri': '/v1/things/1' };
const WORKING_KEYS = 1_000;
/** More than a process remembers: in turn, none is known when it comes again. */
const FRESH_TOKENS = 40_000;

export async function run(harness: Harness): Promise<void> {
  const gatehouse = await startGatehouseProcess({ PLATFORM });
  try {
    const { id: organizationId } = await gatehouse.manage<{ id: string }>('/organizations', {
      name: 'Bench',
    });
    await compareKeys(harness, gatehouse, await newKey(gatehouse, organizationId));
    await compareTokens(harness, gatehouse, organizationId);
    await compareManyKeys(harness, gatehouse, organizationId);
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

/** Tokens that are presented again and again, as tokens are; and each for the first time, as never. */
async function compareTokens(
  harness: Harness,
  gatehouse: GatehouseProcess,
  organizationId: string,
) {
  const service = await newServiceAccount(gatehouse, organizationId);
  const jwks = (await (await fetch(`${gatehouse.url}/oauth/jwks`)).json()) as object;
  const known = await service.sign(1);
  const fresh = await service.sign(FRESH_TOKENS);
  const rows = [
    {
      title: 'an access token',
      tokens: [await newAccessToken(gatehouse, organizationId)],
      keys: jwks,
      targets: [{ subject: 'Gatehouse', atLeast: 0.5 }],
    },
    {
      title: 'a service JWT',
      tokens: known,
      keys: service.jwks,
      targets: [{ subject: 'Gatehouse', atLeast: 0.5 }],
    },
    { title: 'service JWTs not seen before', tokens: fresh, keys: service.jwks },
  ];
  for (const { title, tokens, keys, targets = [] } of rows) {
    const headers = await answerHeaders(gatehouse, tokens[0]!);
    const verifying = await startYardstick('signature-route', headers, keys);
    const baseline = 'Fastify, verifies the signature only';
    try {
      await harness.compare({
        title: `A decision for ${title}: scope, entitlement, a rate`,
        ...{ baseline, targets },
        subjects: [
          askingInTurn(baseline, verifying, tokens),
          askingInTurn('Gatehouse', gatehouse, tokens),
        ],
      });
    } finally {
      await verifying.stop();
    }
  }
}

/** A thousand keys in turn: where they are all there are, and among a million of other people's. */
async function compareManyKeys(harness: Harness, few: GatehouseProcess, organizationId: string) {
  const many = await startGatehouseProcess({ PLATFORM });
  try {
    const { id: elsewhere } = await many.manage<{ id: string }>('/organizations', {
      name: 'Bench',
    });
    const baseline = 'a thousand keys stored';
    const crowded = 'a million keys stored';
    const subjects = [
      askingInTurn(baseline, few, await newKeys(few, organizationId)),
      askingInTurn(crowded, many, await newKeys(many, elsewhere)),
    ];
    await storeStrangersKeys(many.dataDir, elsewhere, 1_000_000);
    await harness.compare({
      title: 'A decision for one of a thousand keys, by how many are stored',
      ...{ baseline, subjects, rounds: 5 },
      targets: [{ subject: crowded, atLeast: 0.9 }],
    });
  } finally {
    await many.stop();
  }
}

async function newKeys(gatehouse: GatehouseProcess, organizationId: string): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < WORKING_KEYS) keys.push(await newKey(gatehouse, organizationId));
  return keys;
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

/** One credential, or each in its turn. */
function askingInTurn(
  name: string,
  server: ServerProcess,
  credentials: readonly string[],
): HttpSubject {
  if (credentials.length === 1) return asking(name, server, credentials[0]!);
  let next = 0;
  const request = () => check(credentials[next++ % credentials.length]!);
  return { ...asking(name, server, ''), request };
}

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
