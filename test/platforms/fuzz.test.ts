import t, { type Test } from 'tap';
import { newAccount, newSigner } from '../credentials/signer.ts';
import { type Desk, openDesk } from '../gate/desk.ts';
import type { OpenApiDocument } from '../management/house.ts';
import { token } from '../support/flows.ts';
import { createUser } from '../support/gatehouse.ts';
import type { RawAnswer } from '../support/raw-request.ts';
import { newClient } from './caller.ts';
import { createSecrets, mistakeAnywhere, mistakeInWords, runFuzz, SEED } from './fuzz-run.ts';
import {
  createGateRequests,
  createManagementRequests,
  type HostileRequest,
} from './hostile-requests.ts';
import { createDice, type Dice } from './hostile-values.ts';

// The gate's decisions and the management API, under requests that nobody honest sends.

/** Where on each platform the gate is asked about something. */
const PLATFORMS = [
  { id: 'kaie', requests: 900, paths: ['/v1/workflows', '/v1/admin', '/v1/analytics', '/nothing'] },
  { id: 'klen', requests: 600, paths: ['/v1/calls', '/v1/calendar/events', '/v1/agents', '/v1'] },
  { id: 'kliq', requests: 400, paths: ['/v1/tenants/a/observations', '/v1/tenants//admin', '/v1'] },
  {
    id: 'kloakd',
    requests: 400,
    paths: ['/api/v1/organizations/a/discoveries/b', '/api/v1/playground/discoveries', '/api'],
  },
];

/** What has no body has no type either. */
function mistakeIn({ target, method }: HostileRequest, answer: RawAnswer): string | undefined {
  const mistake = mistakeAnywhere(answer);
  if (mistake || answer.status < 400 || method === 'HEAD') return mistake;
  if (answer.text === '' && target.startsWith('/gate/nginx')) return undefined;
  return mistakeInWords(answer, isDialect);
}

/** Code and message: within `error` at Kaie and Klen, side by side at KLIQ and KLOAKD. */
function isDialect({ json }: RawAnswer): boolean {
  const { error, message } = json as { error?: unknown; message?: unknown };
  if (typeof error === 'string') return typeof message === 'string';
  const within = error as { code?: unknown; message?: unknown } | undefined;
  return typeof within?.code === 'string' && typeof within.message === 'string';
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
  const { adminKey } = gatehouse;
  const furnished = await furnish(desk);
  const secrets = createSecrets(gatehouse, furnished.secrets);
  const document = (await desk.call('GET', '/openapi.json')).body as OpenApiDocument;
  const dice = createDice(SEED + requests);
  const ground = { ...furnished, newPassword: secrets.newPassword };
  const presented = createPresenting(dice, { ...furnished, adminKey }, secrets.all);
  const nextToGate = createGateRequests(paths, dice, furnished.key);
  const nextToManagement = createManagementRequests(document, dice, ground);
  const next = () => {
    const request = dice.chance(0.35) ? nextToGate() : nextToManagement();
    return { ...request, headers: { ...presented(), ...request.headers } };
  };
  const statuses = [200, 400, 401, 403, 404];
  await runFuzz(t, { gatehouse, requests, secrets, next, mistakeIn, statuses });
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
