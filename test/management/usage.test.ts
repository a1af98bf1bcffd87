import t from 'tap';
import { openDesk } from '../gate/desk.ts';
import { furnish } from '../support/furnished.ts';
import { withClient } from '../support/postgres-server.ts';
import { spawnGatehouse } from '../support/process.ts';
import { startTwoServers } from '../support/two-servers.ts';
import { openHouse } from './house.ts';

interface Bucket {
  start: string;
  organization_id: string | null;
  credential_kind?: string | null;
  credential_id?: string | null;
  route?: string | null;
  outcome?: string;
  requests: number;
}

const sum = (buckets: readonly Bucket[]) => buckets.reduce((all, one) => all + one.requests, 0);

t.test('every decision of the gate is counted by credential, route and outcome', async (t) => {
  const desk = await openDesk(t, 'klen');
  const [organization, neighbour] = [await desk.organization(), await desk.organization()];
  const one = await desk.key(organization, {
    scopes: ['can_read_calls', 'can_initiate_calls'],
    limits: { calls_per_day_limit: 3 },
  });
  const other = await desk.key(neighbour, { scopes: ['can_read_calls'] });
  const read = async (query: string): Promise<Bucket[]> =>
    (await desk.call('GET', `/manage/v1/usage?limit=100&${query}`)).body.data;

  await Promise.all([
    ...Array.from({ length: 4 }, (_, i) => desk.bearer('GET', `/v1/calls/${i}`, one.key)),
    ...Array.from({ length: 5 }, () => desk.bearer('POST', '/v1/calls', one.key)),
    desk.bearer('GET', '/v1/agents', one.key),
    desk.bearer('GET', '/v1/nowhere', one.key),
    desk.bearer('GET', '/v1/calls', other.key),
    desk.decide('GET', '/v1/calls'),
    desk.bearer('GET', '/v1/calls', 'klen_live_unknown'),
    desk.bearer('GET', '/v1/%2e%2e/calls', one.key),
  ]);

  const buckets = await read(`organization_id=${organization}&group_by=route,outcome,credential`);
  const figures = buckets.map(({ route, outcome, requests }) => [route, outcome, requests]);
  const known = await desk.gatehouse.platform.routes;
  const routeOf = (method: string, start: string) =>
    `${method} ${known.find((route) => route.path.startsWith(start) && (route.methods as readonly string[]).includes(method))?.path}`;
  t.same(
    figures.toSorted(),
    [
      [routeOf('GET', '/v1/calls'), 'allowed', 4],
      [routeOf('POST', '/v1/calls'), 'allowed', 3],
      [routeOf('POST', '/v1/calls'), 'quota_exceeded', 2],
      [routeOf('GET', '/v1/agents'), 'insufficient_permission', 1],
      [null, 'route_not_found', 1],
    ].toSorted(),
  );
  for (const bucket of buckets) {
    t.match(bucket, {
      ...{ organization_id: organization, credential_kind: 'api_key', credential_id: one.id },
      start: /^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/,
    });
  }

  t.test('the operator sees what nobody known asked, too', async (t) => {
    const nobody = (await read('group_by=outcome,credential')).filter(
      ({ organization_id: id }) => id === null,
    );
    const kinds = nobody.map(({ outcome, credential_kind: kind, credential_id: id }) => [
      ...[outcome, kind, id],
    ]);
    t.same(kinds.toSorted(), [
      ['invalid_api_key', 'api_key', null],
      ['malformed_request', null, null],
      ['missing_credential', null, null],
    ]);
    t.equal(sum(await read('')), 15);
  });

  t.test('filters, and reads page by page', async (t) => {
    t.equal(sum(await read(`organization_id=${neighbour}`)), 1);
    t.equal(sum(await read(`credential_id=${one.id}`)), 11);
    t.equal(sum(await read('outcome=quota_exceeded')), 2);
    t.equal(sum(await read(`route=${encodeURIComponent(routeOf('POST', '/v1/calls'))}`)), 5);
    const pages: Bucket[] = [];
    for (let cursor = ''; ; ) {
      const path = `/manage/v1/usage?limit=2&group_by=route,outcome${cursor && `&cursor=${cursor}`}`;
      const { body } = await desk.call('GET', path);
      t.ok(body.data.length <= 2);
      pages.push(...body.data);
      cursor = body.next_cursor;
      if (cursor === null) break;
    }
    t.same(pages, await read('group_by=route,outcome'));
  });

  t.test('no key reads it, of the neighbour or its own, without the permission', async (t) => {
    for (const { key } of [one, other]) {
      const path = `/manage/v1/usage?organization_id=${organization}`;
      const { status } = await desk.call('GET', path, undefined, `Bearer ${key}`);
      t.equal(status, 403);
    }
  });

  t.test('no key itself is counted, logged or shown', async (t) => {
    await desk.gatehouse.usage.flush();
    const { rows } = await desk.gatehouse.database.pool.query('SELECT * FROM usage_counts');
    t.notMatch(JSON.stringify(rows), /klen_live_/);
  });
});

t.test(
  'what a refused key asked is its owner’s usage, and the answer says nothing of it',
  async (t) => {
    const desk = await openDesk(t, 'klen');
    const organization = await desk.organization();
    const make = (more: object) => desk.key(organization, { scopes: ['can_read_calls'], ...more });
    const elsewhere = await make({ allowed_addresses: ['203.0.113.1'] });
    const disabled = await make({});
    await desk.call('POST', `/manage/v1/api-keys/${disabled.id}/disable`);
    t.match(await desk.bearer('GET', '/v1/calls', elsewhere.key), { status: 403, principal: null });
    t.match(await desk.bearer('GET', '/v1/calls', disabled.key), { status: 401, principal: null });
    const query = `organization_id=${organization}&group_by=outcome,credential`;
    const { body } = await desk.call('GET', `/manage/v1/usage?${query}`);
    const rows = (body.data as Bucket[]).map((row) => [
      row.outcome,
      row.credential_id,
      row.requests,
    ]);
    t.same(
      rows.toSorted(),
      [
        ['address_not_allowed', elsewhere.id, 1],
        ['invalid_api_key', disabled.id, 1],
      ].toSorted(),
    );
  },
);

t.test('a tenant’s own key reads what is its own, and no neighbour’s', async (t) => {
  const desk = await openDesk(t, 'kliq');
  const [tenant, neighbour] = [await desk.organization(), await desk.organization()];
  const admin = await desk.key(tenant, { scopes: ['admin'] });
  const foreign = await desk.key(neighbour, { scopes: ['admin'] });
  const reader = await desk.key(tenant, { scopes: ['observations:read'] });
  const ask = ({ key }: { key: string }) =>
    desk.decide('GET', `/v1/tenants/${tenant}/observations`, { 'x-api-key': key });
  await Promise.all([ask(admin), ask(reader), ask(foreign), ask({ key: 'kliq_live_unknown' })]);
  const read = async ({ key }: { key: string }, query = '') => {
    const url = `${desk.gatehouse.issuer}/manage/v1/usage?group_by=outcome${query}`;
    const response = await fetch(url, { headers: { 'x-api-key': key } });
    const { data = [] } = (await response.json()) as { data?: Bucket[] };
    const figures = data.map((one) => [one.organization_id, one.outcome, one.requests]);
    return { status: response.status, figures };
  };
  const nothing = { status: 200, figures: [] };
  const own = { status: 200, figures: [[tenant, 'allowed', 2]] };
  t.same(await read(admin), own);
  t.same(await read(admin, `&organization_id=${tenant}`), own);
  t.same(await read(admin, `&organization_id=${neighbour}`), nothing);
  t.same(await read(admin, '&organization_id=unknown'), nothing, 'as one that is not there');
  t.same(await read(admin, '&organization_id='), nothing);
  t.same(await read(admin, `&credential_id=${foreign.id}`), nothing);
  t.same(await read(foreign), {
    ...{ status: 200, figures: [[neighbour, 'organization_mismatch', 1]] },
  });
  t.equal((await read(reader)).status, 403, 'a key that may not manage usage');
});

t.test('refuses what it cannot answer, and says how to ask', async (t) => {
  const { get } = await openHouse(t);
  const refusals: [string, string, RegExp][] = [
    ['from=yesterday', 'from', /2030-01-31T00:00:00Z/],
    ['from=2030-02-30T00:00:00Z', 'from', /date and time/],
    ['to=2030-01-01', 'to', /date and time/],
    ['to=2030-01-01T00:00:00+01:00', 'to', /%2B/],
    ['from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z', 'from', /before `to`/],
    ['from=2030-01-01T00:00:00Z&to=2030-01-01T00:00:00Z', 'from', /before `to`/],
    ['from=9030-01-01T00:00:00Z', 'from', /end of this hour/],
    ['from=2030-01-01T00:00:00Z&to=2030-04-03T00:00:01Z', 'from', /at most 92 days/],
    ['interval=day&from=2030-01-01T00:00:00Z&to=2031-03-01T00:00:00Z', 'from', /at most 400 days/],
    ['interval=week', 'interval', /hour|day/],
    ['group_by=rout', 'group_by', /Did you mean \\"route/],
    ['group_by=route&group_by=outcome', 'group_by', /./],
    ['outcome=denied', 'outcome', /./],
    ['cursor=x', 'cursor', /given out/],
    ['limit=101', 'limit', /./],
    ['route=', 'route', /./],
  ];
  for (const [query, path, words] of refusals) {
    const answer = await get(`/usage?${query}`);
    t.match(answer, { status: 400, body: { code: 'validation_failed' } }, query);
    t.match(answer.body.errors, [{ in: 'query', path }], query);
    t.match(JSON.stringify(answer.body), words, query);
  }
  const both = await get('/usage?from=x&to=y&group_by=z');
  t.same(
    both.body.errors.map((error: { path: string }) => error.path).sort(),
    ['from', 'group_by', 'to'],
    'all at once',
  );
  const fine = [
    'from=2030-01-01T00:00:00Z&to=2030-04-03T00:00:00Z',
    'interval=day&from=2030-01-01T00:00:00.5%2B01:00&to=2031-01-01t00:00:00z',
    ...['group_by=', 'group_by=route,route', 'organization_id=x', 'organization_id=%00'],
    ...['credential_id=%00', 'route=%00', 'route=%F0%9F%98%80', "credential_id=' OR true --"],
    'from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z',
    'to=9999-12-31T23:59:60Z',
  ];
  for (const query of fine) {
    const answer = await get(`/usage?${query}`);
    t.match(answer, { status: 200, body: { data: [], next_cursor: null } }, query);
  }
});

t.test('two processes: what one has counted, the other reads when it has flushed', async (t) => {
  const { first, second } = await startTwoServers(t);
  const ask = ({ address, adminKey }: typeof first) =>
    fetch(`${address}/gate/decision`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'GET', path: '/v1/notes' }),
    });
  await Promise.all(Array.from({ length: 60 }, (_, i) => ask(i % 3 ? first : second)));
  await second.usage.flush();
  const response = await fetch(`${first.address}/manage/v1/usage?outcome=missing_credential`, {
    headers: { authorization: `Bearer ${first.adminKey}` },
  });
  const { data } = (await response.json()) as { data: Bucket[] };
  t.equal(sum(data), 60);
});

t.test('SIGTERM loses nothing, nor does the next start count anything again', async (t) => {
  const { environment, connectionString } = await furnish(t);
  const adminKey = 'admin_of_the_usage_test_which_is_long_enough';
  const started = { environment: { ...environment, ADMIN_KEY: adminKey } };
  let asked = 0;
  for (const round of [1, 2]) {
    const gatehouse = await spawnGatehouse(t, started);
    const ask = async () => {
      const response = await fetch(`${gatehouse.issuer}/gate/decision`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ method: 'GET', path: '/v1/notes' }),
      });
      if (response.status === 200) asked += 1;
      await response.arrayBuffer();
    };
    await Promise.all(Array.from({ length: 30 }, ask));
    const last = Array.from({ length: 10 }, () => ask().catch(() => {}));
    t.equal(await gatehouse.kill('SIGTERM'), 0, gatehouse.stdout);
    await Promise.all(last);
    const { rows } = await withClient(connectionString, (client) =>
      client.query('SELECT sum(requests)::int AS requests FROM usage_counts'),
    );
    t.ok(rows[0].requests >= asked, `round ${round}: every answered request is counted`);
    t.ok(rows[0].requests <= 40 * round, 'and none twice');
  }
});
