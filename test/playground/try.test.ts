import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { openDesk } from '../gate/desk.ts';
import { introspect } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';

interface Tried {
  allowed: boolean;
  status: number;
  reason: string | null;
  stages: { stage: string; verdict: string; found: Record<string, string> }[];
  headers: Record<string, string>;
  body: unknown;
}

/** Asks as the playground's page does. */
async function ask(
  { issuer }: TestGatehouse,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Tried & { detail: string } }> {
  const response = await fetch(`${issuer}/playground/try`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Tried & { detail: string },
  };
}

const verdicts = ({ stages }: Tried) => stages.map(({ verdict }) => verdict);
const P = 'passed';
const NO = 'refused';
const NOT = 'not_asked';

t.test('KLOAKD: the five stages say what each of them found', async (t) => {
  const desk = await openDesk(t, 'kloakd');
  const { gatehouse } = desk;
  const [organization, neighbour] = [await desk.organization(), await desk.organization()];
  const { key } = await desk.key(organization, { scopes: ['discoveries:read'] });
  const at = (of: string, module = 'discoveries') => `/api/v1/organizations/${of}/${module}`;
  const named = { authorization: `Bearer ${key}`, 'x-kloakd-organization': organization };
  const call = async (method: string, path: string, headers: Record<string, string> = named) =>
    (await ask(gatehouse, { method, path }, headers)).body;

  await t.test('all five pass', async (t) => {
    const tried = await call('GET', at(organization));
    t.match(tried, { allowed: true, status: 200, reason: null, body: null });
    t.same(verdicts(tried), [P, P, P, P, P]);
    t.same(
      tried.stages.map(({ stage }) => stage),
      [...['authenticate', 'organization', 'ownership', 'entitlement', 'metering']],
    );
    const [authenticate, resolve, ownership, entitlement, metering] = tried.stages;
    t.match(authenticate!.found, { credential: 'api_key' });
    t.match(resolve!.found, { organization, plan: 'developer' });
    t.match(ownership!.found, { organization });
    t.match(entitlement!.found, { scope: 'discoveries:read', module: 'discoveries' });
    t.match(metering!.found.ratelimit, '"requests_per_minute";r=');
  });

  await t.test('the first no is the last word, at every stage', async (t) => {
    const refusals: [string, Promise<Tried>, string, string[]][] = [
      ['no key', call('GET', at(organization), {}), 'missing_credential', [NO, NOT, NOT, NOT, NOT]],
      [
        'no organization',
        call('GET', at(organization), { authorization: `Bearer ${key}` }),
        'organization_required',
        [P, NO, NOT, NOT, NOT],
      ],
      [
        'the neighbour in the path',
        call('GET', at(neighbour)),
        'organization_mismatch',
        [P, P, NO, NOT, NOT],
      ],
      [
        'a scope it lacks',
        call('POST', at(organization)),
        'insufficient_permission',
        [P, P, P, NO, NOT],
      ],
    ];
    for (const [what, asked, reason, expected] of refusals) {
      const tried = await asked;
      t.match(tried, { allowed: false, reason }, what);
      t.same(verdicts(tried), expected, what);
    }
  });

  await t.test('says of a neighbour what it says of nobody', async (t) => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    const [theirs, none] = await Promise.all([neighbour, nobody].map((id) => call('GET', at(id))));
    t.same(theirs!.body, none!.body);
    t.same(theirs!.stages.slice(2), none!.stages.slice(2));
    t.notMatch(JSON.stringify(theirs!.stages), neighbour);
  });

  await t.test('a cookie is nobody’s credential here', async (t) => {
    const tried = await call('GET', at(organization), { cookie: `authorization=Bearer ${key}` });
    t.equal(tried.reason, 'missing_credential');
  });

  await t.test('only a call of the platform file is asked about', async (t) => {
    for (const path of ['/api/v1/elsewhere', '/manage/v1/users', '/api/v1/%2e%2e/x', 'nowhere']) {
      t.match(await ask(gatehouse, { method: 'GET', path }, named), { status: 422 }, path);
    }
  });

  await t.test('a body that is no call', async (t) => {
    for (const body of ['{', '[]', 'null', {}, { method: 'GET' }, { method: 1, path: '/x' }]) {
      const answer = await ask(gatehouse, body);
      t.equal(answer.status, 400, JSON.stringify(body));
      t.match(answer.headers.get('content-type'), 'application/problem+json');
    }
    const form = await ask(gatehouse, 'method=GET', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    t.equal(form.status, 415, 'no form of another site');
  });

  await t.test('another site is refused', async (t) => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const body = { method: 'GET', path: at(organization) };
      const answer = await ask(gatehouse, body, { ...named, ...headers } as never);
      t.match(answer, { status: 403 });
      t.notOk(answer.headers.get('access-control-allow-origin'));
    }
    const preflight = await fetch(`${gatehouse.issuer}/playground/try`, { method: 'OPTIONS' });
    t.equal(preflight.status, 404, 'and no preflight is answered');
  });
  t.notMatch(gatehouse.logLines.join('\n'), key, 'the key reached no log');
});

t.test('Klen: a call counts like a real one, under parallel callers', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { key } = await desk.key(await desk.organization(), {
    scopes: ['can_initiate_calls'],
    limits: { calls_per_day_limit: 5, requests_per_minute_limit: 1000 },
  });
  const headers = { 'x-api-key': key };
  const tried = await Promise.all(
    Array.from({ length: 20 }, () =>
      ask(desk.gatehouse, { method: 'POST', path: '/v1/calls' }, headers),
    ),
  );
  t.equal(tried.filter(({ body }) => body.allowed).length, 5);
  const refused = tried.find(({ body }) => !body.allowed)!.body;
  t.match(refused, { status: 429, reason: 'quota_exceeded' });
  t.same(verdicts(refused), [P, P, P, P, NO]);
  t.match(refused.stages[4]!.found, { reason: 'quota_exceeded', limit: 'calls_per_day_limit' });
  const real = await desk.decide('POST', '/v1/calls', headers);
  t.equal(real.allowed, false, 'the gate has counted the same');

  const twice = { ...headers, authorization: `Bearer ${key}` };
  const { body } = await ask(desk.gatehouse, { method: 'GET', path: '/v1/calls' }, twice);
  t.equal(body.reason, 'ambiguous_credential');
});

t.test('Kaie: tokens', async (t) => {
  const desk = await openDesk(t, 'kaie');
  const { gatehouse } = desk;
  const read = { method: 'GET', path: '/v1/workflows' };
  const expired = async () => {
    const response = await fetch(`${gatehouse.issuer}/playground/expired-token`, {
      method: 'POST',
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };

  await t.test('an expired one is refused for its time, and good for nothing', async (t) => {
    const token = await expired();
    const { body } = await ask(gatehouse, read, { authorization: `Bearer ${token}` });
    t.match(body, { allowed: false, reason: 'expired_token' });
    const service = await registerService(gatehouse);
    t.same((await introspect(gatehouse, service, token)).body, { active: false });
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    t.ok(claims.exp < Date.now() / 1000 - 3000, 'and over for long');
    t.match(claims, { scope: '', org_id: undefined, grant_id: undefined });
  });

  await t.test('one that a person allowed passes as far as it was allowed', async (t) => {
    const user = await createUser(gatehouse);
    const client = await registerClient(gatehouse);
    const { access_token } = await createSignedIn(gatehouse, user).tokens(client, {
      scope: 'openid workflows:read',
    });
    const { body } = await ask(gatehouse, read, { authorization: `Bearer ${access_token}` });
    t.same(verdicts(body), [P, P, P, P, P]);
    t.equal(body.stages[1]!.found.organization, user.organizationId);
    const write = { method: 'POST', path: '/v1/workflows' };
    const more = await ask(gatehouse, write, { authorization: `Bearer ${access_token}` });
    t.match(more.body.stages[3], { verdict: NO, found: { scope: 'workflows:write' } });
  });
});

t.test('without the playground in the platform file there is nothing here', async (t) => {
  const platform = await loadPlatform('example');
  const gatehouse = await startGatehouse(t, {
    platform: { ...platform, oauth: { ...platform.oauth, playgroundEnabled: false } },
  });
  for (const path of ['', '/keys', '/callback', '?flow=code']) {
    const response = await fetch(`${gatehouse.issuer}/playground${path}`);
    t.equal(response.status, 404, path);
  }
  for (const path of ['/try', '/expired-token']) {
    const response = await fetch(`${gatehouse.issuer}/playground${path}`, { method: 'POST' });
    t.equal(response.status, 404, path);
  }
});
