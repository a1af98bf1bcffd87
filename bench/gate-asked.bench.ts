import { fileURLToPath } from 'node:url';
import { newKey, newServiceAccount } from './lib/credentials.ts';
import { embeddedDatabase } from './lib/embedded-database.ts';
import { startGatehouseProcess } from './lib/gatehouse-process.ts';
import type { Harness } from './lib/harness.ts';
import type { HttpSubject, LoadRequest } from './lib/measure.ts';
import type { ServerProcess } from './lib/server-process.ts';
import { startYardstick } from './lib/yardstick.ts';

// Decisions that cost more than that of gate.bench.ts: asked for in JSON by the API itself, and about JWTs that
// are taken once, which takes a row in the database for each.

export const name = 'gate, asked for more';

const platform = (file: string) => fileURLToPath(new URL(`./platforms/${file}`, import.meta.url));
/** For each of the two subjects; what is left over was signed in vain. */
const SINGLE_USE_TOKENS = 120_000;

export async function run(harness: Harness): Promise<void> {
  await askInJson(harness);
  await takeOnce(harness);
}

/** `POST /gate/decision` about a warm API key, by a caller whose key holds `gate:decide`. */
async function askInJson(harness: Harness): Promise<void> {
  const gatehouse = await startGatehouseProcess({ PLATFORM: platform('gate.yaml') });
  try {
    const { id } = await gatehouse.manage<{ id: string }>('/organizations', { name: 'Bench' });
    const key = await newKey(gatehouse, id);
    const request = decisionAbout(key, await newKey(gatehouse, id, ['gate:decide']));
    const { headers, body } = await answerTo(gatehouse, request);
    if (!(JSON.parse(body) as { allowed: boolean }).allowed) throw new Error(body);
    const plain = await startYardstick('plain-route', headers, body);
    const baseline = 'Fastify reads the JSON, the same bytes';
    try {
      await harness.compare({
        title: 'POST /gate/decision about an API key: scope, entitlement, a rate',
        ...{ baseline, rounds: 5 },
        subjects: [subject(baseline, plain, request), subject('Gatehouse', gatehouse, request)],
      });
    } finally {
      await plain.stop();
    }
  } finally {
    await gatehouse.stop();
  }
}

/** Service JWTs of a platform that takes each once: every one is new, to both. */
async function takeOnce(harness: Harness): Promise<void> {
  const gatehouse = await startGatehouseProcess({ PLATFORM: platform('gate-once.yaml') });
  try {
    const { id } = await gatehouse.manage<{ id: string }>('/organizations', { name: 'Bench' });
    const service = await newServiceAccount(gatehouse, id);
    const tokens = await service.sign(SINGLE_USE_TOKENS);
    const { headers } = await answerTo(gatehouse, check(tokens.pop()!));
    const database = await embeddedDatabase(gatehouse.dataDir);
    const yardstick = await startYardstick(
      'single-use-route',
      ...[headers, service.jwks, database],
    );
    const baseline = 'Fastify, verifies the signature and keeps the jti';
    try {
      await harness.compare({
        title: 'A decision for service JWTs that are taken once: scope, entitlement, a rate',
        baseline,
        subjects: [
          subject(baseline, yardstick, eachOnce(tokens)),
          subject('Gatehouse', gatehouse, eachOnce(tokens)),
        ],
      });
    } finally {
      await yardstick.stop();
    }
  } finally {
    await gatehouse.stop();
  }
}

const decisionAbout = (key: string, asker: string): LoadRequest => ({
  method: 'POST',
  path: '/gate/decision',
  headers: { authorization: `Bearer ${asker}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    ...{ method: 'GET', path: '/v1/things/1', address: '192.0.2.1' },
    headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
  }),
});

const check = (credential: string): LoadRequest => ({
  method: 'GET',
  path: '/gate/check',
  headers: {
    ...{ 'x-original-method': 'GET', 'x-original-uri': '/v1/things/1' },
    authorization: `Bearer ${credential}`,
  },
});

/** @throws Error when there are too few of them */
function eachOnce(tokens: readonly string[]): () => LoadRequest {
  let next = 0;
  return () => {
    const token = tokens[next];
    if (token === undefined) throw new Error(`more than ${tokens.length} tokens were asked for`);
    next += 1;
    return check(token);
  };
}

const subject = (
  name: string,
  { url, pid }: ServerProcess,
  request: HttpSubject['request'],
): HttpSubject => ({ name, url, pid, request });

async function answerTo({ url }: ServerProcess, { path, ...request }: LoadRequest) {
  const answer = await fetch(`${url}${path}`, request);
  const body = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status}: ${body}`);
  const own = ['connection', 'keep-alive', 'date', 'content-length', 'transfer-encoding'];
  const headers = [...answer.headers].filter(([header]) => !own.includes(header));
  return { headers: Object.fromEntries(headers) as Record<string, string>, body };
}
