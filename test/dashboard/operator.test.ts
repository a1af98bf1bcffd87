import t from 'tap';
import { createUser, registerClient } from '../support/gatehouse.ts';
import { formOf, ISSUER, openDesk } from './security-desk.ts';

const desk = await openDesk(t);
const { gatehouse } = desk;
const OPERATOR = `${ISSUER}/dashboard/operator`;
const PATHS = [
  ...['', '/plans', '/clients', '/clients/nobody', '/signing-keys', '/signing-keys/rotate'],
  ...['/throttles', '/throttles/nothing'],
];

const patchUser = async (id: string, body: object, key = gatehouse.adminKey) => {
  const answer = await fetch(`${gatehouse.address}/manage/v1/users/${id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

async function operator() {
  const person = await desk.person();
  await patchUser(person.id, { platform_role: 'operator' });
  return person;
}

const lastEvent = async (type: string) =>
  (
    await gatehouse.database.pool.query(
      'SELECT * FROM audit_events WHERE type = $1 ORDER BY id DESC LIMIT 1',
      [type],
    )
  ).rows[0];

t.test('the platform role is given and taken by root alone, and audited', async (t) => {
  const { id } = await createUser(gatehouse);
  t.equal((await patchUser(id, { platform_role: 'operator' }, 'nobody')).status, 401);
  t.equal((await patchUser(id, { platform_role: 'emperor' })).status, 400);
  t.match(await patchUser(id, { platform_role: 'operator' }), {
    status: 200,
    body: { platform_role: 'operator', second_factor: false },
  });
  t.match((await lastEvent('user.updated')).details, { platform_role: 'operator' });
  t.match(await patchUser(id, { name: 'Somebody' }), { body: { platform_role: 'operator' } });
  t.match(await patchUser(id, { platform_role: null }), { body: { platform_role: null } });
});

t.test('everybody else gets the page of what is not there', async (t) => {
  const { agent, organizationId } = await desk.person();
  const nowhere = (await agent.get(`${ISSUER}/dashboard/nowhere`)).body;
  const bare = (html: string) => html.replaceAll(/req_\w+/g, '');
  const stranger = desk.newAgent();
  for (const path of [...PATHS, `/organizations/${organizationId}`]) {
    for (const who of [agent, stranger]) {
      const page = await who.get(OPERATOR + path);
      t.equal(page.status, 404, path);
      t.equal(bare(page.body), bare(nowhere), path);
    }
  }
  t.notMatch((await agent.get(`${ISSUER}/dashboard/security`)).body, 'dashboard/operator');
});

t.test('forms of the operator’s are no one else’s either', async (t) => {
  const { agent, organizationId } = await desk.person();
  const { clientId } = await registerClient(gatehouse);
  const page = await agent.get(`${ISSUER}/dashboard/security`);
  for (const path of [
    `/organizations/${organizationId}/plan`,
    `/clients/${clientId}/disable`,
    ...['/signing-keys/rotate', '/throttles', '/throttles/clear', '/throttles/x/lift'],
  ]) {
    const form = { ...formOf(page, '/password'), action: OPERATOR + path };
    t.equal((await agent.submit(page, form, { plan: 'pro', force: 'yes' })).status, 404, path);
    const bare = { ...form, fields: [] };
    t.equal((await agent.submit(page, bare)).status, 403, `${path} without a token`);
  }
  t.notOk((await gatehouse.oauth.clients.find(clientId))?.disabled);
});

t.test('a role that is taken closes the pages at once', async (t) => {
  const { agent, id } = await operator();
  t.equal((await agent.get(OPERATOR)).status, 200);
  await patchUser(id, { platform_role: null });
  t.equal((await agent.get(OPERATOR)).status, 404);
});

t.test('finds organizations by name and id, and changes their plan', async (t) => {
  const { agent, id } = await operator();
  const organizationName = 'Babbage 100%_Works';
  const { organizationId } = await createUser(gatehouse, { organizationName });
  const found = async (q: string) =>
    (await agent.get(`${OPERATOR}?q=${encodeURIComponent(q)}`)).body.includes(organizationId);
  t.ok(await found('babbage'));
  t.ok(await found('100%_'));
  t.ok(await found(organizationId));
  t.notOk(await found('100__'), 'a sign is a sign, no pattern');
  t.notOk(await found('Nobody’s'));
  t.equal((await agent.get(`${OPERATOR}?cursor=forged`)).status, 404);
  const url = `${OPERATOR}/organizations/${organizationId}`;
  const page = await agent.get(url);
  t.match(page.body, 'Ada Example');
  const form = formOf(page, '/plan');
  t.equal((await agent.submit(page, form, { plan: 'no such plan' })).status, 422);
  const { name: plan } = gatehouse.platform.plans.at(-1)!;
  const done = await agent.submit(page, form, { plan });
  t.match(done.headers.get('location'), /done=plan_changed$/);
  t.match(await gatehouse.identity.organizations.find(organizationId), { plan });
  t.match(await lastEvent('organization.updated'), { actor_id: id, details: { plan } });
  t.equal((await agent.get(`${OPERATOR}/organizations/${id}`)).status, 404);
});

t.test('sees every client, and shuts one out', async (t) => {
  const { agent, id } = await operator();
  const { organizationId } = await createUser(gatehouse);
  const { clientId } = await registerClient(gatehouse, { organizationId, name: 'Rogue' });
  const page = await agent.get(`${OPERATOR}/clients`);
  t.match(page.body, 'Rogue');
  await agent.submit(page, formOf(page, `${clientId}/disable`));
  t.match(await gatehouse.oauth.clientService.find(clientId), { disabled: true });
  t.match(await lastEvent('client.updated'), { actor_id: id, target_id: clientId });
  const after = await agent.get(`${OPERATOR}/clients`);
  await agent.submit(after, formOf(after, `${clientId}/enable`));
  t.match(await gatehouse.oauth.clientService.find(clientId), { disabled: false });
});

t.test('rotates the signing keys when caches know the next one, or by force', async (t) => {
  const { agent, id } = await operator();
  const { signingKeys } = gatehouse.oauth;
  const before = signingKeys.all[0]!.kid;
  const list = await agent.get(`${OPERATOR}/signing-keys`);
  t.match(list.body, before);
  t.notMatch(list.body, '"d":');
  const ask = await agent.get(`${OPERATOR}/signing-keys/rotate`);
  const young = await agent.submit(ask, formOf(ask, '/rotate'));
  t.equal(young.status, 422);
  t.match(young.body, 'caches may not know it yet');
  t.equal(signingKeys.all[0]!.kid, before);
  const done = await agent.submit(young, formOf(young, '/rotate'), { force: 'yes' });
  t.match(done.headers.get('location'), /done=keys_rotated$/);
  t.not(signingKeys.all[0]!.kid, before);
  t.match(await lastEvent('signing_key.rotated'), { actor_kind: 'user', actor_id: id });
});

t.test('sees who is throttled, and clears it', async (t) => {
  const { agent, id } = await operator();
  const victim = await createUser(gatehouse);
  const address = '198.51.100.23';
  const guess = () =>
    gatehouse.identity.signIn({ email: victim.email, password: 'a guess', address });
  for (let index = 0; index < 11; index += 1) await guess();
  t.match(await guess(), { outcome: 'throttled' });
  const page = await agent.get(`${OPERATOR}/throttles`);
  const look = (who: string) => agent.submit(page, formOf(page, '/throttles'), { who });
  t.equal((await look('neither')).status, 422);
  t.match((await look(address)).body, /1\d of 100/);
  t.match((await look('nobody@example.com')).body, 'Nothing is counted for nobody@example.com');
  const seen = await look(` ${victim.email.toUpperCase()} `);
  t.match(seen.body, '10 of 10');
  t.match(seen.body, 'Refused');
  const done = await agent.submit(seen, formOf(seen, '/clear'));
  t.equal(done.headers.get('location'), '/dashboard/operator/throttles?done=throttle_cleared');
  t.match(await guess(), { outcome: 'rejected' });
  t.match(await lastEvent('throttle.cleared'), { actor_id: id, target_id: victim.id });
});

t.test('root turns the second step off for somebody who has lost everything', async (t) => {
  const person = await desk.person();
  await desk.addPasskey(person);
  await desk.askForPasskey(person);
  t.equal((await patchUser(person.id, { second_factor: true })).status, 400, 'never on');
  t.match(await patchUser(person.id, { second_factor: false }), { body: { second_factor: false } });
  const agent = desk.newAgent();
  await desk.enter(agent, person);
  t.ok(await desk.isSignedIn(agent));
  t.match(await lastEvent('second_factor.disabled'), { actor_kind: 'admin', target_id: person.id });
});
