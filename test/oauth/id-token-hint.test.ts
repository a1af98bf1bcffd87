import { decodeJwt, SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { formOf, openDesk, optionsOf } from '../dashboard/security-desk.ts';
import {
  authorizeUrl,
  consent,
  newPkce,
  type Parameters,
  type Pkce,
  post,
  redeem,
  signIn,
} from '../support/flows.ts';
import {
  createUser,
  registerClient,
  type TestClient,
  type TestUser,
} from '../support/gatehouse.ts';
import { locationOf, type Page, type UserAgent } from '../support/user-agent.ts';

// An app that names a person hears of that person or of nobody.

const desk = await openDesk(t);
const { gatehouse, newAgent } = desk;
const { issuer, database, platform } = gatehouse;
/** For programs, which need no browser's TLS. */
const server = { issuer: gatehouse.address };
const client = await registerClient(gatehouse);
const [dave, bob] = [await createUser(gatehouse), await createUser(gatehouse)];
const MISMATCH = 'id_token_hint and authenticated subject do not match';

async function idTokenOf(user: TestUser, app: TestClient = client): Promise<string> {
  const [agent, pkce] = [newAgent(), newPkce()];
  const page = await agent.follow(await agent.get(authorizeUrl(gatehouse, app, pkce)));
  const asked = await signIn(agent, page, user);
  const back = asked.forms.length > 0 ? await consent(agent, asked) : asked;
  const code = locationOf(back).searchParams.get('code')!;
  return String((await redeem(server, app, code, pkce)).body.id_token);
}

const daves = await idTokenOf(dave);
await idTokenOf(bob);
const hints: [about: string, more: Parameters][] = [
  ['asked for', {}],
  ['asked for with a consent each time', { prompt: 'consent' }],
];

/** A browser without a session, and where it lands with a request for dave. */
async function begin(pkce: Pkce, more: Parameters = {}, agent = newAgent()) {
  const url = authorizeUrl(gatehouse, client, pkce, { id_token_hint: daves, state: 'H', ...more });
  return { agent, page: await agent.follow(await agent.get(url)) };
}

/** Allows where it is asked. */
const goOn = (agent: UserAgent, page: Page) =>
  page.forms.some(({ action }) => action.endsWith('/consent')) ? consent(agent, page) : page;

function isLoginRequired(t: Test, page: Page, about: string): void {
  t.equal(page.status, 303, `${about}: back to the app`);
  const back = locationOf(page);
  t.equal(back.origin + back.pathname, client.redirectUri, about);
  t.same(
    Object.fromEntries(back.searchParams),
    { error: 'login_required', error_description: MISMATCH, state: 'H', iss: issuer },
    `${about}: and no code`,
  );
}

async function isFor(t: Test, page: Page, pkce: Pkce, user: TestUser, about: string) {
  t.equal(page.status, 303, about);
  const code = locationOf(page).searchParams.get('code');
  const { body } = await redeem(server, client, String(code), pkce);
  t.equal(body.id_token && decodeJwt(body.id_token).sub, user.id, about);
}

for (const [name, more] of hints) {
  t.test(`the person named, ${name}, is answered for (OpenID Core §3.1.2.1)`, async (t) => {
    const pkce = newPkce();
    const { agent, page } = await begin(pkce, more);
    const back = await goOn(agent, await signIn(agent, page, dave));
    await isFor(t, back, pkce, dave, 'by a password');
  });

  t.test(`who signs in in their place, ${name}, is not (OpenID Core §3.1.2.2)`, async (t) => {
    const { agent, page } = await begin(newPkce(), more);
    isLoginRequired(t, await signIn(agent, page, bob), 'by a password');
    const newcomer = await begin(newPkce(), more);
    const signUp = await newcomer.agent.get(`${newcomer.page.url}/sign-up`);
    const answer = await newcomer.agent.submit(signUp, formOf(signUp, '/sign-up'), {
      ...{ email: `new-${name.length}@example.com`, password: 'correct horse battery' },
      ...{ name: 'New', organization: 'New' },
    });
    isLoginRequired(t, await newcomer.agent.follow(answer), 'by a sign-up');
  });
}

t.test('an account chosen at the consent page is held to it too', async (t) => {
  for (const user of [bob, dave]) {
    const pkce = newPkce();
    const { agent, page } = await begin(pkce, { prompt: 'consent' });
    const asked = await signIn(agent, page, dave);
    const login = await agent.follow(await agent.submit(asked, formOf(asked, '/switch-account')));
    const back = await goOn(agent, await signIn(agent, login, user));
    if (user === bob) isLoginRequired(t, back, 'another account');
    else await isFor(t, back, pkce, dave, 'the same account again');
  }
});

t.test('so is a passkey, by itself and as the second step, and a recovery code', async (t) => {
  const owner = await desk.person();
  const { authenticator } = await desk.addPasskey(owner);
  const codes = await desk.askForPasskey(owner);
  const credentialFor = (page: Page) => authenticator.get(optionsOf(page, 'get'));
  const ways: Record<string, (agent: UserAgent, page: Page) => Promise<Page>> = {
    'a passkey': (agent, page) =>
      agent.submit(page, formOf(page, '/passkey'), { credential: credentialFor(page) }),
    'a passkey after the password': async (agent, page) => {
      const second = await signIn(agent, page, owner);
      const form = formOf(second, '/second-step');
      return agent.submit(second, form, { credential: credentialFor(second) });
    },
    'a recovery code': async (agent, page) => {
      const second = await signIn(agent, page, owner);
      return agent.submit(second, formOf(second, '/second-step'), { code: codes.pop()! });
    },
  };
  const own = await ownTokenBy(ways['a passkey']!);
  for (const [name, enter] of Object.entries(ways)) {
    const wrong = await begin(newPkce());
    const refused = await wrong.agent.follow(await enter(wrong.agent, wrong.page));
    isLoginRequired(t, refused, name);
    const pkce = newPkce();
    const { agent, page } = await begin(pkce, { id_token_hint: own });
    const back = await goOn(agent, await agent.follow(await enter(agent, page)));
    await isFor(t, back, pkce, owner, `${name} of who is named`);
  }
});

/** An ID token of somebody whose password is not enough. */
async function ownTokenBy(enter: (agent: UserAgent, page: Page) => Promise<Page>) {
  const pkce = newPkce();
  const { agent, page } = await begin(pkce, { id_token_hint: undefined });
  const back = await goOn(agent, await agent.follow(await enter(agent, page)));
  const code = locationOf(back).searchParams.get('code')!;
  return String((await redeem(server, client, code, pkce)).body.id_token);
}

t.test('so is a request that was pushed (RFC 9126 §4)', async (t) => {
  for (const user of [bob, dave]) {
    const [agent, pkce] = [newAgent(), newPkce()];
    const asked = new URL(
      authorizeUrl(gatehouse, client, pkce, { id_token_hint: daves, state: 'H' }),
    );
    const parameters = Object.fromEntries(asked.searchParams);
    const { body } = await post(`${server.issuer}/oauth/par`, parameters, client);
    const reference = { client_id: client.clientId, request_uri: String(body.request_uri) };
    const url = `${issuer}/oauth/authorize?${new URLSearchParams(reference)}`;
    const page = await agent.follow(await agent.get(url));
    const back = await goOn(agent, await signIn(agent, page, user));
    if (user === bob) isLoginRequired(t, back, 'somebody else');
    else await isFor(t, back, pkce, dave, 'the person named');
  }
});

t.test('so is one with a hint that has expired, which names them all the same', async (t) => {
  const old = await reissue(daves, platform.tokens.idTokenTtlSeconds + 60);
  const wrong = await begin(newPkce(), { id_token_hint: old });
  isLoginRequired(t, await signIn(wrong.agent, wrong.page, bob), 'somebody else');
  const pkce = newPkce();
  const { agent, page } = await begin(pkce, { id_token_hint: old });
  await isFor(t, await signIn(agent, page, dave), pkce, dave, 'the person named');
});

/** The same token, issued long ago and expired a minute later. */
async function reissue(token: string, secondsAgo: number): Promise<string> {
  const { kid, signer } = gatehouse.oauth.signingKeys.all[0]!;
  const { iat = 0, ...claims } = decodeJwt(token);
  return new SignJWT({ ...claims, iat: iat - secondsAgo, exp: iat - secondsAgo + 60 })
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(signer);
}

t.test('somebody else who is signed in already is asked, or refused unasked', async (t) => {
  const bobs = async () => {
    const { agent, page } = await begin(newPkce(), { id_token_hint: undefined });
    await signIn(agent, page, bob);
    return agent;
  };
  const silent = await begin(newPkce(), { prompt: 'none' }, await bobs());
  isLoginRequired(t, silent.page, 'prompt=none');
  const again = await begin(newPkce(), {}, await bobs());
  isLoginRequired(t, await signIn(again.agent, again.page, bob), 'the same once more');
  const pkce = newPkce();
  const { agent, page } = await begin(pkce, {}, await bobs());
  await isFor(t, await signIn(agent, page, dave), pkce, dave, 'who is named');
});

t.test('a no stays a no, and what was refused leaves no code behind', async (t) => {
  const { agent, page } = await begin(newPkce(), { prompt: 'consent' });
  const asked = await signIn(agent, page, dave);
  const back = await consent(agent, asked, { decision: 'deny' });
  t.equal(locationOf(back).searchParams.get('error'), 'access_denied');
  const codes = async () => {
    const { rows } = await database.pool.query(
      `SELECT id_hash FROM artifacts WHERE kind = 'AuthorizationCode'`,
    );
    return rows.length;
  };
  const before = await codes();
  t.ok(before > 0);
  const wrong = await begin(newPkce());
  const refused = await signIn(wrong.agent, wrong.page, bob);
  isLoginRequired(t, refused, 'somebody else');
  t.equal(await codes(), before);
});

t.test('a hint that is none of ours for this app is refused before anybody signs in', async (t) => {
  const other = await registerClient(gatehouse);
  const [head, body] = daves.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const bad: Record<string, string> = {
    garbage: 'x',
    unsigned: `${none}.${body}.`,
    'with another signature': `${head}.${body}.${'A'.repeat(86)}`,
    'of another app': await idTokenOf(dave, other),
  };
  for (const [name, hint] of Object.entries(bad)) {
    const { page } = await begin(newPkce(), { id_token_hint: hint });
    t.equal(page.status, 303, name);
    const back = locationOf(page).searchParams;
    t.equal(back.get('error'), 'invalid_request', name);
    t.equal(back.get('error_description'), 'could not validate id_token_hint', name);
    t.equal(back.get('state'), 'H', name);
  }
});

t.test('so is a browser that goes on without having answered the page', async (t) => {
  const goOnAtOnce = (agent: UserAgent, { url }: Page) =>
    agent.get(url.replace('/interaction/', '/oauth/authorize/'));
  const bobs = await begin(newPkce(), { id_token_hint: undefined });
  await signIn(bobs.agent, bobs.page, bob);
  const { agent, page } = await begin(newPkce(), {}, bobs.agent);
  isLoginRequired(t, await goOnAtOnce(agent, page), 'somebody else signed in already');

  const elsewhere = await begin(newPkce());
  await signIn(elsewhere.agent, await elsewhere.agent.get(`${issuer}/sign-in`), bob);
  const back = await goOnAtOnce(elsewhere.agent, elsewhere.page);
  isLoginRequired(t, back, 'somebody else signed in beside the request');

  const nobody = await begin(newPkce());
  const asked = await goOnAtOnce(nobody.agent, nobody.page);
  t.match(locationOf(asked).pathname, /^\/interaction\//, 'nobody: is asked again');
});
