import { decodeJwt } from 'jose';
import t from 'tap';
import { createAuthenticator } from '../support/authenticator.ts';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { fetchThrough, locationOf } from '../support/user-agent.ts';
import { codesIn, formOf, ISSUER, openDesk, optionsOf, SECURITY } from './security-desk.ts';

const desk = await openDesk(t);
const { gatehouse } = desk;
const passkeysOf = async (userId: string) =>
  (await gatehouse.database.pool.query('SELECT * FROM passkeys WHERE user_id = $1', [userId])).rows;

t.test('a passkey is added, and signs in instead of the password', async (t) => {
  const person = await desk.person();
  const { authenticator, page, answer, done } = await desk.addPasskey(person, 'Phone');
  t.match(optionsOf(page, 'create'), {
    rp: { id: 'auth.example.test' },
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
  });
  t.match(done.headers.get('location'), /done=passkey_added$/);
  const twice = await person.agent.submit(page, formOf(page, '/passkeys'), {
    ...{ name: 'Again', credential: answer },
  });
  t.equal(twice.status, 422, 'the answer counts once');

  const agent = desk.newAgent();
  const signIn = await agent.get(`${ISSUER}/sign-in?return_to=/dashboard/security`);
  const form = formOf(signIn, '/sign-in/passkey');
  const credential = authenticator.get(optionsOf(signIn, 'get'));
  const entered = await agent.submit(signIn, form, { credential });
  t.equal(entered.headers.get('location'), '/dashboard/security');
  t.ok(await desk.isSignedIn(agent));
  const replay = await desk.newAgent();
  const other = await replay.get(`${ISSUER}/sign-in`);
  const again = await replay.submit(other, formOf(other, '/passkey'), { credential });
  t.equal(again.status, 401, 'and its answer once, in whatever browser');
  t.notOk(await desk.isSignedIn(replay));
  t.same((await desk.audited(person)).slice(-2), ['passkey.created', 'sign_in.succeeded']);
});

t.test('of ten who send one answer at once, one gets in (WebAuthn L3 §13.4.3)', async (t) => {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  const agents = Array.from({ length: 10 }, desk.newAgent);
  const pages = await Promise.all(agents.map((agent) => agent.get(`${ISSUER}/sign-in`)));
  // An authenticator that doesn't count says nothing of copies: the challenge alone decides.
  const credential = authenticator.get(optionsOf(pages[0]!, 'get'), { counter: 0 });
  const answers = await Promise.all(
    agents.map((agent, index) =>
      agent.submit(pages[index]!, formOf(pages[index]!, '/sign-in/passkey'), { credential }),
    ),
  );
  t.equal(answers.filter(({ status }) => status === 303).length, 1);
});

t.test('an answer that proves nothing signs nobody in, and adds nothing', async (t) => {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  const agent = desk.newAgent();
  const page = await agent.get(`${ISSUER}/sign-in`);
  const asked = optionsOf(page, 'get');
  const register = optionsOf(await person.agent.get(SECURITY), 'create');
  const stranger = createAuthenticator({ origin: ISSUER });
  const good = JSON.parse(authenticator.get(asked)) as { response: Record<string, string> };
  const altered = { ...good, response: { ...good.response, signature: 'MEUCIQ' } };
  const attempts: Record<string, unknown> = {
    'from another origin': authenticator.get(asked, { origin: 'https://evil.example' }),
    'from a subdomain': authenticator.get(asked, { origin: 'https://a.auth.example.test' }),
    'over http': authenticator.get(asked, { origin: 'http://auth.example.test' }),
    'to a challenge of its own': authenticator.get({ challenge: 'AAAA' }),
    'to the challenge of a registration': authenticator.get(register),
    'of a passkey nobody knows': stranger.get(asked),
    'with another signature': JSON.stringify(altered),
    'with an old counter': authenticator.get(asked, { counter: 0 }),
    'that is no JSON': '{',
    'that is null': 'null',
    'without an id': '{}',
    'that is missing': '',
  };
  // Used once, so that its counter stands above nought.
  await agent.submit(page, formOf(page, '/passkey'), {
    credential: authenticator.get(asked, { counter: 7 }),
  });
  for (const [name, credential] of Object.entries(attempts)) {
    const visitor = desk.newAgent();
    const at = await visitor.get(`${ISSUER}/sign-in`);
    const form = formOf(at, '/sign-in/passkey');
    const answer = await visitor.submit(at, form, { credential: String(credential) });
    t.equal(answer.status, 401, name);
    t.match(answer.body, 'That passkey didn’t sign you in', name);
  }
  const unverified = createAuthenticator({ origin: ISSUER, verifiesUser: false });
  const elsewhere = createAuthenticator({ origin: ISSUER, rpId: 'example.test' });
  for (const one of [unverified, elsewhere]) {
    const at = await person.agent.get(SECURITY);
    const credential = one.create(optionsOf(at, 'create'));
    const form = formOf(at, '/passkeys');
    const answer = await person.agent.submit(at, form, { name: 'Odd', credential });
    t.equal(answer.status, 422);
  }
  t.equal((await passkeysOf(person.id)).length, 1);
});

t.test('a challenge is for one person’s one session', async (t) => {
  const [one, other] = [await desk.person(), await desk.person()];
  const authenticator = createAuthenticator({ origin: ISSUER });
  const asked = optionsOf(await one.agent.get(SECURITY), 'create');
  const page = await other.agent.get(SECURITY);
  const answer = await other.agent.submit(page, formOf(page, '/passkeys'), {
    ...{ name: 'Lured', credential: authenticator.create(asked) },
  });
  t.equal(answer.status, 422);
  t.same(await passkeysOf(other.id), []);
});

t.test('a passkey is renamed and removed by its owner alone', async (t) => {
  const owner = await desk.person();
  await desk.addPasskey(owner);
  const [{ id }] = await passkeysOf(owner.id);
  const url = `${SECURITY}/passkeys/${id}`;
  const page = await owner.agent.get(url);
  const neighbour = await desk.person();
  t.equal((await neighbour.agent.get(url)).status, 404);
  const theirs = await neighbour.agent.get(SECURITY);
  for (const end of ['rename', 'remove']) {
    const form = { ...formOf(theirs, '/password'), action: `${url}/${end}` };
    const answer = await neighbour.agent.submit(theirs, form, { name: 'Mine' });
    t.equal(answer.status, 404, end);
  }
  const nameless = await owner.agent.submit(page, formOf(page, '/rename'), { name: ' ' });
  t.equal(nameless.status, 422);
  t.match(nameless.body, 'Give the passkey a name.');
  await owner.agent.submit(page, formOf(page, '/rename'), { name: 'Blue key' });
  t.match(await passkeysOf(owner.id), [{ name: 'Blue key' }]);
  await owner.agent.submit(page, formOf(page, '/remove'));
  t.same(await passkeysOf(owner.id), []);
});

t.test('with the second step on, a password begins no session anywhere', async (t) => {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  t.equal((await desk.askForPasskey(person)).length, 10);
  const { agent, page } = await desk.atSecondStep(person);
  t.notMatch(agent.cookiesFor(ISSUER), 'gatehouse_session');
  t.notOk(await desk.isSignedIn(agent));
  const asked = optionsOf(page, 'get');
  t.same(
    asked.allowCredentials?.map(({ id }) => id),
    [authenticator.id],
  );
  const form = formOf(page, '/second-step');
  const lone = await agent.submit(page, form, { credential: 'x' });
  t.equal(lone.status, 401);
  const credential = authenticator.get(asked);
  const done = await agent.submit(page, form, { credential });
  t.equal(done.headers.get('location'), '/dashboard/security');
  t.ok(await desk.isSignedIn(agent));
  t.match(await desk.audited(person), /sign_in.password_accepted.*sign_in.succeeded$/s);
});

t.test('the second step belongs to its browser, and is taken once', async (t) => {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  const codes = await desk.askForPasskey(person);
  const { page, agent } = await desk.atSecondStep(person);
  const credential = authenticator.get(optionsOf(page, 'get'), { counter: 0 });
  const second = await desk.atSecondStep(person);
  const swapped = await second.agent.submit(second.page, formOf(second.page, '/second-step'), {
    credential,
  });
  t.equal(swapped.status, 401, 'an answer for another pending sign-in');
  const form = formOf(page, '/second-step');
  const ten = Array.from({ length: 6 }, (_, index) =>
    agent.submit(page, form, index % 2 ? { credential } : { code: codes[index]! }),
  );
  const answers = await Promise.all(ten);
  const entered = answers.filter(
    ({ headers }) => headers.get('location') === '/dashboard/security',
  );
  t.equal(entered.length, 1, 'of parallel second steps, one');
  t.equal((await agent.submit(page, form, { code: codes[9]! })).headers.get('location'), LOST);
  const none = desk.newAgent();
  const start = await none.get(`${ISSUER}/sign-in/second-step`);
  t.equal(start.headers.get('location'), '/sign-in', 'nothing waits in another browser');
});

/** The way back to the password. */
const LOST = '/sign-in?return_to=%2Fdashboard%2Fsecurity';

t.test('a recovery code stands in for the passkey once, however many come at once', async (t) => {
  const person = await desk.person();
  await desk.addPasskey(person);
  const codes = await desk.askForPasskey(person);
  t.equal(new Set(codes).size, 10);
  const desks = await Promise.all(Array.from({ length: 5 }, () => desk.atSecondStep(person)));
  const typed = codes[0]!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o');
  const answers = await Promise.all(
    desks.map(({ agent, page }) =>
      agent.submit(page, formOf(page, '/second-step'), { code: typed }),
    ),
  );
  t.equal(answers.filter(({ status }) => status === 303).length, 1);
  t.match((await person.agent.get(SECURITY)).body, '9 unused codes are left');
  const { rows } = await gatehouse.database.pool.query('SELECT hash FROM recovery_codes');
  t.notOk(JSON.stringify(rows).includes(codes[1]!), 'stored hashed');
  t.notOk(gatehouse.logLines.join().includes(codes[1]!), 'logged nowhere');

  const page = await person.agent.get(SECURITY);
  const fresh = codesIn(await person.agent.submit(page, formOf(page, '/recovery-codes')));
  t.equal(fresh.length, 10);
  const reload = await person.agent.submit(page, formOf(page, '/recovery-codes'));
  t.match(reload.headers.get('location'), /done=codes_sent_before$/, 'a reload makes no others');
  const at = await desk.atSecondStep(person);
  const form = formOf(at.page, '/second-step');
  t.equal((await at.agent.submit(at.page, form, { code: codes[1]! })).status, 401, 'an old one');
  t.equal((await at.agent.submit(at.page, form, { code: fresh[1]! })).status, 303);
});

t.test('guesses at a code are throttled, and a right password forgets none', async (t) => {
  const person = await desk.person();
  await desk.addPasskey(person);
  const codes = await desk.askForPasskey(person);
  const statuses: number[] = [];
  for (let index = 0; index < 11; index += 1) {
    const { agent, page } = await desk.atSecondStep(person);
    const form = formOf(page, '/second-step');
    const code = 'AAAAA-AAAAA-AAAAA-AAAAA';
    statuses.push((await agent.submit(page, form, { code })).status);
  }
  t.same(statuses, [...Array(10).fill(401), 429]);
  const { agent, page } = await desk.atSecondStep(person);
  const right = await agent.submit(page, formOf(page, '/second-step'), { code: codes[0]! });
  t.equal(right.status, 429, 'not even the right one');
  t.ok(right.headers.get('retry-after'));
});

t.test('a pending sign-in ends with the password it rests on', async (t) => {
  const person = await desk.person();
  await desk.addPasskey(person);
  const codes = await desk.askForPasskey(person);
  const { agent, page } = await desk.atSecondStep(person);
  const change = { password: 'quiet violet harbour 58' };
  await gatehouse.identity.changeUser(person.id, change, { actor: { kind: 'admin' } });
  const late = await agent.submit(page, formOf(page, '/second-step'), { code: codes[0]! });
  t.equal(late.headers.get('location'), LOST);
  t.notOk(await desk.isSignedIn(agent));
});

t.test('it expires after ten minutes, and a disabled user does not get in', async (t) => {
  const person = await desk.person();
  await desk.addPasskey(person);
  const codes = await desk.askForPasskey(person);
  const at = await desk.atSecondStep(person);
  const other = await desk.atSecondStep(person);
  await gatehouse.database.pool.query(
    `UPDATE pending_sign_ins SET expires_at = expires_at - interval '10 minutes' WHERE user_id = $1`,
    [person.id],
  );
  const code = codes[0]!;
  const late = await at.agent.submit(at.page, formOf(at.page, '/second-step'), { code });
  t.equal(late.headers.get('location'), LOST);
  await gatehouse.database.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [
    person.id,
  ]);
  const shut = await other.agent.submit(other.page, formOf(other.page, '/second-step'), { code });
  t.equal(shut.headers.get('location'), LOST);
});

t.test('an authorization request goes on after the second step, and says how (amr)', async (t) => {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  await desk.askForPasskey(person);
  const client = await registerClient(gatehouse);
  const pkce = newPkce();
  const agent = desk.newAgent();
  const start = await agent.follow(await agent.get(authorizeUrl(gatehouse, client, pkce)));
  const { email, password } = person;
  const given = await agent.submit(start, formOf(start, '/sign-in'), { email, password });
  t.match(given.headers.get('location'), /^\/interaction\/[^/]+\/second-step$/);
  const around = await agent.follow(await agent.get(authorizeUrl(gatehouse, client, newPkce())));
  t.ok(formOf(around, '/sign-in'), 'there is no way around it');
  const step = await agent.follow(given);
  const credential = authenticator.get(optionsOf(step, 'get'));
  const consent = await agent.follow(
    await agent.submit(step, formOf(step, '/second-step'), { credential }),
  );
  const back = await agent.follow(
    await agent.submit(consent, formOf(consent, '/consent'), { decision: 'allow' }),
  );
  const code = locationOf(back).searchParams.get('code')!;
  const send = fetchThrough({ origin: ISSUER, address: gatehouse.address });
  const answer = await send(`${ISSUER}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.clientId}:${client.secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', code, redirect_uri: client.redirectUri },
      code_verifier: pkce.verifier,
    }).toString(),
  });
  const { id_token: idToken } = (await answer.json()) as { id_token: string };
  t.same(decodeJwt(idToken).amr, ['pwd', 'hwk', 'user', 'mfa']);
});

t.test('a passkey answers an authorization request instead of the password', async (t) => {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  const client = await registerClient(gatehouse);
  const agent = desk.newAgent();
  const start = await agent.follow(await agent.get(authorizeUrl(gatehouse, client, newPkce())));
  const credential = authenticator.get(optionsOf(start, 'get'));
  const entered = await agent.submit(start, formOf(start, '/passkey'), { credential });
  t.match((await agent.follow(entered)).body, 'wants access');
});

t.test('the last passkey stays while the second step needs it, also against a race', async (t) => {
  const person = await desk.person();
  await desk.addPasskey(person, 'One');
  await desk.addPasskey(person, 'Two');
  await desk.askForPasskey(person);
  const page = await person.agent.get(SECURITY);
  const form = formOf(page, '/password');
  const remove = async ({ id }: { id: string }) => {
    const action = `${SECURITY}/passkeys/${id}/remove`;
    return (await person.agent.submit(page, { ...form, action })).status;
  };
  const statuses = await Promise.all((await passkeysOf(person.id)).map(remove));
  t.same(statuses.sort(), [303, 422]);
  t.equal((await passkeysOf(person.id)).length, 1);
  await person.agent.submit(page, formOf(await person.agent.get(SECURITY), '/second-step/off'));
  t.equal(await remove((await passkeysOf(person.id))[0]), 303);
  const again = desk.newAgent();
  await desk.enter(again, person);
  t.ok(await desk.isSignedIn(again), 'and a password is enough once more');
});

t.test('where the address is a number, no passkey is asked for', async (t) => {
  const plain = await startGatehouse(t);
  const response = await fetch(`${plain.issuer}/sign-in`);
  t.notMatch(await response.text(), 'data-passkey');
});

t.test('a program with the password alone is refused, and told why', async (t) => {
  const kliq = await startGatehouse(t, { platform: 'kliq' });
  const { id, email, password } = await createUser(kliq);
  const { userTokens } = kliq.platform;
  if (!userTokens.enabled) throw new Error('KLIQ has user tokens');
  const ask = () =>
    fetch(kliq.issuer + userTokens.tokenPath, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
  t.equal((await ask()).status, 200);
  await kliq.database.pool.query('UPDATE users SET second_factor = true WHERE id = $1', [id]);
  const refused = await ask();
  t.equal(refused.status, 401);
  t.match(await refused.text(), 'This account also asks for a passkey');
});
