import t from 'tap';
import { token } from '../support/flows.ts';
import { registerService } from '../support/gatehouse.ts';
import { openDesk } from './desk.ts';

t.test('Klen: three ways to present a key, permissions, limits per key', async (t) => {
  const desk = await openDesk(t, 'klen');
  const organization = await desk.organization();
  const { key } = await desk.key(organization, {
    scopes: ['can_read_calls', 'can_initiate_calls'],
  });

  await t.test('takes a key as bearer, as X-API-Key and in the query', async (t) => {
    const ways = [
      await desk.bearer('GET', '/v1/calls', key),
      await desk.decide('GET', '/v1/calls', { 'X-API-Key': key }),
      await desk.decide('GET', `/v1/calls?api_key=${key}&page=2`),
    ];
    for (const decision of ways) {
      t.match(decision, { allowed: true, status: 200, reason: null, body: null });
      t.match(decision.principal, { kind: 'api_key', organization_id: organization });
    }
  });

  await t.test('refuses a key presented in two ways at once', async (t) => {
    const twice = await desk.bearer('GET', '/v1/calls', key, { 'x-api-key': key });
    t.match(twice, { allowed: false, status: 401, reason: 'ambiguous_credential' });
    const inQuery = await desk.bearer('GET', `/v1/calls?api_key=${key}`, key);
    t.match(inQuery, { allowed: false, reason: 'ambiguous_credential' });
    const doubled = await desk.decide('GET', '/v1/calls', { 'x-api-key': [key, key] });
    t.match(doubled, { allowed: false, reason: 'ambiguous_credential' });
    for (const { headers } of [twice, inQuery, doubled]) {
      t.match(headers['www-authenticate'], /^Bearer error="invalid_request"/);
    }
  });

  await t.test('words every refusal as its document does', async (t) => {
    const refusals: [string, Promise<unknown>, object][] = [
      ['no key', desk.decide('GET', '/v1/calls'), { status: 401, code: 'authentication_required' }],
      [
        'a mistyped key',
        desk.bearer('GET', '/v1/calls', `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`),
        { status: 401, code: 'invalid_key' },
      ],
      [
        'a key of nobody',
        desk.bearer('GET', '/v1/calls', 'klen_live_unknown'),
        { status: 401, code: 'invalid_key' },
      ],
      [
        'a permission it lacks',
        desk.bearer('GET', '/v1/agents', key),
        { status: 403, code: 'permission_denied' },
      ],
    ];
    for (const [what, asked, { status, code }] of refusals as [
      string,
      Promise<{ status: number; body: { error: { code: string } } }>,
      { status: number; code: string },
    ][]) {
      const decision = await asked;
      t.equal(decision.status, status, what);
      t.equal(decision.body.error.code, code, what);
    }
  });

  await t.test('counts calls per day for each key, exactly, under parallel requests', async (t) => {
    const few = await desk.key(organization, {
      scopes: ['can_initiate_calls'],
      limits: { calls_per_day_limit: 7, requests_per_minute_limit: 1000 },
    });
    const decisions = await Promise.all(
      Array.from({ length: 40 }, () => desk.bearer('POST', '/v1/calls', few.key)),
    );
    t.equal(decisions.filter(({ allowed }) => allowed).length, 7);
    const refused = decisions.find(({ allowed }) => !allowed)!;
    t.match(refused, { status: 429, reason: 'quota_exceeded' });
    t.equal((refused.body as { error: { code: string } }).error.code, 'rate_limit_exceeded');
    t.ok(Number(refused.headers['retry-after']) > 0);
    t.match(refused.headers.ratelimit, /"calls_per_day_limit";r=0;t=\d+/);
    const other = await desk.bearer('POST', '/v1/calls', key);
    t.equal(other.allowed, true, 'another key has its own count');
  });

  await t.test('limits requests per minute to 60 unless the key says otherwise', async (t) => {
    const plain = await desk.key(organization, { scopes: ['can_read_calls'] });
    const first = await desk.bearer('GET', '/v1/calls', plain.key);
    t.match(first.headers, {
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '59',
      'ratelimit-policy': '"requests_per_minute_limit";q=60;w=60',
    });
    for (let i = 1; i < 60; i += 1) await desk.bearer('GET', '/v1/calls', plain.key);
    const over = await desk.bearer('GET', '/v1/calls', plain.key);
    t.match(over, { allowed: false, status: 429, reason: 'rate_limited' });
  });

  await t.test('refuses a path that could be read in two ways', async (t) => {
    for (const path of [
      '/v1/%2e%2e/calls',
      '/v1/calls/..',
      '/v1/calls%2f1',
      '/v1//calls',
      '/v1/calls%00',
      'v1/calls',
      '/v1/%zz',
    ]) {
      const decision = await desk.bearer('GET', path, key);
      t.equal(decision.allowed, false, path);
      t.ok(['malformed_request', 'route_not_found'].includes(decision.reason!), path);
    }
  });
});

t.test('KLOAKD: prefix by tier, organization header, plan modules', async (t) => {
  const desk = await openDesk(t, 'kloakd');
  const developer = await desk.organization('developer');
  const neighbour = await desk.organization('enterprise');
  const { key } = await desk.key(developer);
  const at = (organization: string, module = 'discoveries') =>
    `/api/v1/organizations/${organization}/${module}`;
  const ask = (path: string, organization = developer) =>
    desk.bearer('GET', path, key, { 'X-Kloakd-Organization': organization });

  t.match(key, /^sk-live-/);
  t.match(await ask(at(developer)), { allowed: true, principal: { plan: 'developer' } });
  const bodyOf = ({ body }: { body: unknown }) => (body as { error: string }).error;

  const foreignPath = await ask(at(neighbour));
  t.match(foreignPath, { status: 403, reason: 'organization_mismatch' });
  t.equal(bodyOf(foreignPath), 'ForbiddenError');
  t.same(
    { ...(await ask(at('00000000-0000-4000-8000-000000000000'))), headers: {} },
    { ...foreignPath, headers: {} },
    'an organization that is not there answers like a foreign one',
  );
  t.match(await ask(at(developer), neighbour), { status: 403, reason: 'organization_mismatch' });
  t.match(await desk.bearer('GET', at(developer), key), { reason: 'organization_required' });

  const notEntitled = await ask(at(developer, 'monitors'));
  t.match(notEntitled, { status: 403, reason: 'not_entitled' });
  t.equal(bodyOf(notEntitled), 'NotEntitledError');
  await desk.call('PATCH', `/manage/v1/organizations/${developer}`, { plan: 'enterprise' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.match(await ask(at(developer, 'monitors')), { allowed: true }, 'within a second');
});

t.test('KLIQ: tenants in the path, resource:verb scopes, client credentials', async (t) => {
  const desk = await openDesk(t, 'kliq');
  const tenant = await desk.organization();
  const neighbour = await desk.organization();
  const { key } = await desk.key(tenant, { scopes: ['observations:read'] });
  const admin = await desk.key(tenant, { scopes: ['admin'] });
  t.match(key, /^kliq_live_/);
  const path = `/v1/tenants/${tenant}/observations`;
  const withKey = (method: string, target: string, one = key) =>
    desk.decide(method, target, { 'x-api-key': one });

  t.match(await withKey('GET', path), { allowed: true });
  t.match(await withKey('HEAD', path), { allowed: true });
  t.match(await withKey('POST', path), { status: 403, reason: 'insufficient_permission' });
  t.match(await withKey('POST', path, admin.key), { allowed: true }, 'admin covers every scope');
  t.match(await withKey('GET', `/v1/tenants/${neighbour}/observations`), {
    status: 403,
    reason: 'organization_mismatch',
  });
  t.match(await desk.bearer('GET', path, key), { status: 401 }, 'a key is no bearer token here');

  const service = await registerService(desk.gatehouse, {
    organizationId: tenant,
    scopes: ['observations:read'],
  });
  const { body } = await token(desk.gatehouse, service, { grant_type: 'client_credentials' });
  t.match(await desk.bearer('GET', path, body.access_token!), {
    allowed: true,
    principal: { kind: 'access_token', organization_id: tenant },
  });
  t.match(await desk.bearer('POST', path, body.access_token!), {
    status: 403,
    reason: 'insufficient_scope',
    headers: { 'www-authenticate': /error="insufficient_scope", scope="observations:write"/ },
  });
});

t.test('Kaie: permission levels and its own error codes', async (t) => {
  const desk = await openDesk(t, 'kaie');
  const organization = await desk.organization();
  const reader = await desk.key(organization, { permission_set: 'read_only' });
  const writer = await desk.key(organization, { permission_set: 'read_write' });
  const full = await desk.key(organization, { permission_set: 'full_access' });
  const codeOf = ({ body }: { body: unknown }) => (body as { error: { code: string } }).error.code;

  const table: [string, string, boolean, boolean, boolean][] = [
    ['GET', '/v1/workflows', true, true, true],
    ['POST', '/v1/workflows', false, true, true],
    ['DELETE', '/v1/workflows/1', false, false, true],
    ['GET', '/v1/admin', false, false, true],
  ];
  for (const [method, path, ...expected] of table) {
    for (const [i, { key }] of [reader, writer, full].entries()) {
      const decision = await desk.bearer(method, path, key);
      t.equal(decision.allowed, expected[i], `${method} ${path} level ${i}`);
      if (!decision.allowed) t.equal(codeOf(decision), 'INSUFFICIENT_PERMISSIONS');
    }
  }
  t.equal(codeOf(await desk.decide('GET', '/v1/workflows')), 'MISSING_AUTHENTICATION');
  t.equal(codeOf(await desk.bearer('GET', '/v1/workflows', 'kaie_live_x')), 'INVALID_API_KEY');
  t.equal(codeOf(await desk.bearer('GET', '/v1/workflows', 'a.b.c')), 'INVALID_TOKEN');
  const twice = await desk.decide('GET', '/v1/workflows', {
    authorization: [`Bearer ${full.key}`, `Bearer ${reader.key}`],
  });
  t.match(twice, { status: 400, reason: 'ambiguous_credential' });
  t.match(twice.headers['www-authenticate'], /^Bearer error="invalid_request"/);
  const { headers } = await desk.bearer('GET', '/v1/workflows', full.key);
  t.equal(headers['x-ratelimit-limit'], '1000', '1000 requests per hour');
});
