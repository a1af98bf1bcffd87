import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import t, { type Test } from 'tap';
import { newAccount, newSigner } from '../credentials/signer.ts';
import { type Desk, openDesk } from '../gate/desk.ts';
import type { OpenApiDocument } from '../management/house.ts';
import { exactRequest } from '../support/exact-request.ts';
import { token } from '../support/flows.ts';
import { createUser } from '../support/gatehouse.ts';
import type { RawAnswer } from '../support/raw-request.ts';
import { newClient } from './caller.ts';
import {
  createDice,
  createGateRequests,
  createManagementRequests,
  type Dice,
  type HostileRequest,
} from './hostile-requests.ts';

// Requests that nobody honest sends, by the hundred, at the gate and at the management API. The same ones
// each time; FUZZ_SEED=<number> has others.

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_121);
const DEADLINE_MS = 10_000;

/** Where on each platform the gate is asked about something. */
const PLATFORMS = [
  { id: 'kaie', requests: 900, paths: ['/v1/workflows', '/v1/admin', '/v1/analytics', '/nothing'] },
  { id: 'klen', requests: 600, paths: ['/v1/calls', '/v1/calendar/events', '/v1/agents', '/v1'] },
];

/** Whatever must never be in a log: what was there at first, and what the server has made since. */
function createSecrets(first: readonly string[]) {
  const secrets = new Set(first);
  return {
    all: secrets,
    /** Remembers what an answer shows once. */
    learn({ json }: RawAnswer) {
      for (const name of ['key', 'client_secret', 'registration_access_token']) {
        const value = json[name];
        if (typeof value === 'string' && value.length > 20) secrets.add(value);
      }
    },
    newPassword(): string {
      const password = `correct horse ${randomBytes(9).toString('hex')}`;
      secrets.add(password);
      return password;
    },
  };
}

/** An error is JSON in the words of its door; what has no body has no type either. */
function mistakeIn({ target, method }: HostileRequest, answer: RawAnswer): string | undefined {
  const { status, headers, text } = answer;
  const type = String(headers['content-type'] ?? '');
  if (status >= 500) return 'a server error';
  if (/node_modules|\bat .*\.ts:\d|postgres|prisma/i.test(text)) return 'tells of the inside';
  if (status < 400 || method === 'HEAD') return undefined;
  if (text === '') return target.startsWith('/gate/nginx') ? undefined : 'an error without words';
  if (!/^application\/(problem\+)?json/.test(type)) return `an error of type ${type}`;
  if (typeof answer.json !== 'object') return 'no object';
  if (type.startsWith('application/problem+json')) {
    const isProblem = answer.json.status === status && typeof answer.json.title === 'string';
    return isProblem && typeof answer.json.detail === 'string' ? undefined : 'no problem document';
  }
  const { error } = answer.json as { error?: { code?: unknown; message?: unknown } };
  const isDialect = typeof error?.code === 'string' && typeof error.message === 'string';
  return isDialect ? undefined : 'no error of the platform';
}

interface Credentials {
  key: string;
  token: string;
  adminKey: string;
}

/** Callers: nobody, somebody with nonsense, a tenant by key and by token, the operator; powerful ones more often. */
function createPresenting(dice: Dice, { key, token, adminKey }: Credentials, secrets: Set<string>) {
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  const nonsense = () => {
    const text = dice.oneOf([
      `${key.slice(0, 10)}${dice.below(1e9)}${'x'.repeat(40)}`,
      `eyJhbGciOiJub25lIn0.e30.${dice.below(1e9)}${'x'.repeat(20)}`,
      `${token.slice(0, -8)}${dice.below(1e8)}`,
      `${adminKey}x`,
      '',
    ]);
    if (text !== '') secrets.add(text);
    return dice.oneOf([bearer(text), { 'x-api-key': text }, { authorization: `Basic ${text}` }]);
  };
  const callers: readonly (() => Record<string, string>)[] = [
    () => ({}),
    nonsense,
    ...[() => bearer(key), () => ({ 'x-api-key': key }), () => bearer(token)],
    () => ({ 'x-api-key': key, ...bearer(adminKey) }),
    ...Array.from({ length: 5 }, () => () => bearer(adminKey)),
  ];
  return () => dice.oneOf(callers)();
}

/** A tenant with one of everything, for requests to be about. */
async function furnish(desk: Desk) {
  const scopes = desk.gatehouse.platform.scopes.map(({ name }) => name);
  const [own, other] = [await desk.organization(), await desk.organization()];
  const { key } = await desk.key(own, { scopes });
  const victim = await desk.key(other, { scopes });
  const account = await newAccount(desk, other, [await newSigner()]);
  const user = await createUser(desk.gatehouse);
  const client = await newClient(desk, { organization_id: other });
  const scope = scopes.join(' ');
  const service = await newClient(desk, {
    ...{ organization_id: own, grant_types: ['client_credentials'], scope },
  });
  const { body } = await token(desk.gatehouse, service, {
    grant_type: 'client_credentials',
    scope,
  });
  const ids = [other, victim.id, account.id, user.id, user.organizationId, client.clientId];
  const held = { key, token: body.access_token! };
  const secrets = [
    ...Object.values(held),
    victim.key,
    user.password,
    service.secret,
    client.secret,
  ];
  return { ...held, ids, scopes, secrets };
}

async function fuzz(t: Test, { id, requests, paths }: (typeof PLATFORMS)[number]) {
  const desk = await openDesk(t, id);
  const { gatehouse } = desk;
  const { adminKey, config } = gatehouse;
  const furnished = await furnish(desk);
  const masterKey = config.masterKey.toString('base64');
  const secrets = createSecrets([...furnished.secrets, adminKey, masterKey]);
  const document = (await desk.call('GET', '/openapi.json')).body as OpenApiDocument;
  const dice = createDice(SEED + requests);
  const ground = { ...furnished, newPassword: secrets.newPassword };
  const presented = createPresenting(dice, { ...furnished, adminKey }, secrets.all);
  const nextToGate = createGateRequests(paths, dice, furnished.key);
  const nextToManagement = createManagementRequests(document, dice, ground);

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(async () => agent.destroy());
  const port = Number(new URL(gatehouse.address).port);
  const heard = new Map<number, number>();
  let slowest = 0;
  for (let turn = 1; turn <= requests; turn += 1) {
    const request = dice.chance(0.35) ? nextToGate() : nextToManagement();
    const headers = { ...presented(), ...request.headers };
    const start = performance.now();
    const answer = await exactRequest(port, { ...request, headers, agent });
    slowest = Math.max(slowest, performance.now() - start);
    secrets.learn(answer);
    heard.set(answer.status, (heard.get(answer.status) ?? 0) + 1);
    const mistake = mistakeIn(request, answer);
    if (mistake) {
      const asked = `${request.method} ${request.target.slice(0, 300)}`;
      t.fail(`turn ${turn}: ${mistake}: ${asked}`, {
        ...{ answer: answer.text.slice(0, 500), body: request.body.toString().slice(0, 500) },
        ...{ status: answer.status },
      });
    }
  }
  t.comment(`seed ${SEED}: ${requests} requests, ${[...heard].sort().join(' ')}`);
  t.ok(slowest < DEADLINE_MS, `each answered in time, the slowest in ${Math.round(slowest)} ms`);
  for (const status of [200, 400, 401, 403, 404]) {
    t.ok(heard.has(status), `the requests were of many kinds: ${status}`);
  }
  const log = gatehouse.logLines.join('\n');
  const leaked = [...secrets.all].filter((secret) => log.includes(secret));
  t.strictSame(leaked, [], 'no secret in a log line');
  t.equal((await fetch(`${gatehouse.address}/readyz`)).status, 200, 'ready as before');
  t.equal(({} as { isAdmin?: boolean }).isAdmin, undefined, 'no prototype was touched');
}

for (const platform of PLATFORMS) {
  t.test(`a fuzz run over the gate and the management API of ${platform.id}`, (t) =>
    fuzz(t, platform),
  );
}

t.test('lists for an organization whose id cannot be one are empty', async (t) => {
  const desk = await openDesk(t, 'kaie');
  for (const list of ['api-keys', 'service-accounts', 'clients', 'audit', 'usage', 'memberships']) {
    for (const id of ['a%00b', '%20', 'x'.repeat(5_000), '__proto__']) {
      const { status, body } = await desk.call('GET', `/manage/v1/${list}?organization_id=${id}`);
      t.equal(status, 200, `${list} of ${id.slice(0, 20)}`);
      t.strictSame(body, { data: [], next_cursor: null });
    }
  }
});
