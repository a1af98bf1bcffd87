import t, { type Test } from 'tap';
import { listConsents } from '../../src/oauth/consents/consents.store.ts';
import { authorizeUrl, consent, newPkce, type Parameters, signIn } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createUserAgent, locationOf, type Page, type UserAgent } from '../support/user-agent.ts';

/** Who is signed in in a browser, as the home page says. */
async function whoIsIn({ issuer }: TestGatehouse, agent: UserAgent, people: TestUser[]) {
  const { body } = await agent.get(`${issuer}/`);
  return people.filter(({ email }) => body.includes(email));
}

const uidOf = (page: Page) => new URL(page.url).pathname.split('/').at(-1)!;

/** The cookies of an interaction, as whoever knows its address can write them. */
function plant(agent: UserAgent, issuer: string, uid: string): void {
  agent.setCookie(`gatehouse_interaction=${uid}; path=/interaction/${uid}`, issuer);
  agent.setCookie(`gatehouse_resume=${uid}; path=/oauth/authorize/${uid}`, issuer);
}

function isExpired(t: Test, page: Page, about: string) {
  t.equal(page.status, 400, `${about}: status`);
  t.equal(page.headers.get('location'), null, `${about}: no redirect`);
  t.match(page.body, /This took a little too long/, `${about}: the expired page`);
}

t.test('somebody else’s interaction', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const client = await registerClient(gatehouse);
  const victim = await createUser(gatehouse, { name: 'Vera Victim' });
  const attacker = await createUser(gatehouse, { name: 'Mallory' });
  const people = [victim, attacker];
  const open = async (agent: UserAgent, more: Parameters = {}) =>
    agent.follow(await agent.get(authorizeUrl(gatehouse, client, newPkce(), more)));
  const submitSignIn = (agent: UserAgent, page: Page, user: TestUser) =>
    agent.submit(page, page.forms[0]!, { email: user.email, password: user.password });
  const consents = (user: TestUser) => listConsents(gatehouse.database.pool, user.id);

  await t.test('does not open by its address alone (RFC 9700 §4.7)', async (t) => {
    const hers = createUserAgent();
    const login = await open(hers);
    const asked = await signIn(hers, login, victim);
    for (const page of [login, asked]) {
      const his = createUserAgent();
      isExpired(t, await his.get(page.url), 'without a cookie');
      isExpired(t, await his.get(`${issuer}/oauth/authorize/${uidOf(page)}`), 'the way on');
    }
  });

  await t.test(
    'shows and takes nothing for another user, cookies forged from its address',
    async (t) => {
      const hers = createUserAgent();
      const asked = await signIn(hers, await open(hers), victim);
      for (const signedIn of [false, true]) {
        const his = createUserAgent();
        if (signedIn) await signIn(his, await open(his), attacker);
        plant(his, issuer, uidOf(asked));
        const page = await his.get(asked.url);
        isExpired(t, page, `signed in ${signedIn}`);
        t.notMatch(page.body, /Vera/, 'says nothing of her');
        // With a CSRF token of his own, which costs nothing.
        const own = await his.get(`${issuer}/sign-up`);
        const token = own.forms[0]!.fields.find(([name]) => name === '_csrf')!;
        for (const form of asked.forms) {
          const fields: [string, string][] = form.fields.map((f) => (f[0] === '_csrf' ? token : f));
          const answer = await his.submit(asked, { ...form, fields }, { decision: 'allow' });
          isExpired(t, answer, `${form.action}, signed in ${signedIn}`);
        }
        isExpired(t, await his.get(`${issuer}/oauth/authorize/${uidOf(asked)}`), 'the way on');
      }
      t.same(await consents(victim), [], 'nothing was allowed in her name');
      const back = await consent(hers, asked);
      t.ok(locationOf(back).searchParams.get('code'), 'and hers goes on undisturbed');
    },
  );

  await t.test('does not hand its sign-in to whoever resumes first', async (t) => {
    const hers = createUserAgent();
    const login = await open(hers, { prompt: 'consent' });
    const his = createUserAgent();
    plant(his, issuer, uidOf(login));
    const answer = await submitSignIn(hers, login, victim);
    isExpired(t, await his.get(locationOf(answer).href), 'he resumes before her');
    t.same(await whoIsIn(gatehouse, his, people), [], 'nobody is signed in at his');
    const asked = await hers.follow(answer);
    t.match(asked.body, /Vera/, 'she goes on');
  });

  await t.test(
    'planted in her browser does not sign his browser in as her (fixation)',
    async (t) => {
      const his = createUserAgent();
      const login = await open(his, { prompt: 'consent' });
      const hers = createUserAgent();
      plant(hers, issuer, uidOf(login));
      const seen = await hers.get(login.url);
      await submitSignIn(hers, seen, victim);
      isExpired(t, await his.get(`${issuer}/oauth/authorize/${uidOf(login)}`), 'he resumes');
      t.same(await whoIsIn(gatehouse, his, people), [], 'nobody is signed in at his');
      isExpired(t, await his.get(login.url), 'and the page is closed to him');
    },
  );

  await t.test('planted in her browser does not sign her in as him (login CSRF)', async (t) => {
    const his = createUserAgent();
    const login = await open(his, { prompt: 'consent' });
    const answer = await submitSignIn(his, login, attacker);
    for (const signedIn of [false, true]) {
      const hers = createUserAgent();
      if (signedIn) await signIn(hers, await open(hers, { prompt: 'consent' }), victim);
      plant(hers, issuer, uidOf(login));
      isExpired(t, await hers.get(locationOf(answer).href), 'the way on');
      t.same(await whoIsIn(gatehouse, hers, people), signedIn ? [victim] : [], 'as before');
    }
    const asked = await his.follow(answer);
    const hers = createUserAgent();
    await signIn(hers, await open(hers, { prompt: 'consent' }), victim);
    plant(hers, issuer, uidOf(asked));
    isExpired(t, await hers.get(asked.url), 'his question');
    t.same(await whoIsIn(gatehouse, hers, people), [victim], 'still her');
  });

  await t.test('is not reached through the cookie of another one', async (t) => {
    const agent = createUserAgent();
    const [first, second] = [await open(agent), await open(agent)];
    const mixed = createUserAgent();
    mixed.setCookie(`gatehouse_interaction=${uidOf(first)}; path=/`, issuer);
    isExpired(t, await mixed.get(second.url), 'cookie and address differ');
    const resumed = createUserAgent();
    resumed.setCookie(`gatehouse_resume=${uidOf(first)}; path=/`, issuer);
    await submitSignIn(agent, first, victim);
    const other = await resumed.get(`${issuer}/oauth/authorize/${uidOf(second)}`);
    t.equal(other.headers.get('location'), null, 'nor resumed');
    t.same(await whoIsIn(gatehouse, resumed, people), []);
  });
});

t.test('the browser’s session', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const client = await registerClient(gatehouse);
  const [user, other] = [await createUser(gatehouse), await createUser(gatehouse)];
  const open = async (agent: UserAgent, more: Parameters = {}) =>
    agent.follow(await agent.get(authorizeUrl(gatehouse, client, newPkce(), more)));
  const session = (agent: UserAgent) =>
    /gatehouse_session=([^;]*)/.exec(agent.cookiesFor(`${issuer}/`))?.[1];

  await t.test('gets a new identifier at every sign-in (session fixation)', async (t) => {
    const agent = createUserAgent();
    agent.setCookie('gatehouse_session=planted; path=/', issuer);
    await signIn(agent, await open(agent), user);
    const first = session(agent)!;
    t.match(first, /^[\w-]{43}$/);
    t.not(first, 'planted');
    await signIn(agent, await open(agent, { prompt: 'login' }), user);
    const second = session(agent)!;
    t.not(second, first, 'the same user again');
    await signIn(agent, await open(agent, { prompt: 'login' }), other);
    const third = session(agent)!;
    t.not(third, second, 'another user');
    const alone = createUserAgent();
    const forms = [await alone.get(`${issuer}/sign-in`), await alone.get(`${issuer}/sign-in`)];
    const values: (string | undefined)[] = [];
    for (const page of forms) {
      await alone.submit(page, page.forms[0]!, { email: user.email, password: user.password });
      values.push(session(alone));
    }
    t.match(values, [/^[\w-]{43}$/, /^[\w-]{43}$/]);
    t.not(values[0], values[1], 'and outside of any request');
    for (const stale of ['planted', first, second, values[0]]) {
      const thief = createUserAgent();
      thief.setCookie(`gatehouse_session=${stale}; path=/`, issuer);
      t.same(await whoIsIn(gatehouse, thief, [user, other]), [], `${stale} opens nothing`);
    }
    t.same(await whoIsIn(gatehouse, agent, [user, other]), [other], 'the last is in');
  });

  await t.test(
    'is not carried over by somebody who signed in beforehand (session fixation)',
    async (t) => {
      const his = createUserAgent();
      await signIn(his, await open(his), other);
      const hers = createUserAgent();
      hers.setCookie(`gatehouse_session=${session(his)}; path=/`, issuer);
      await signIn(hers, await open(hers, { prompt: 'login' }), user);
      t.same(await whoIsIn(gatehouse, hers, [user, other]), [user]);
      t.same(await whoIsIn(gatehouse, his, [user, other]), [], 'his cookie leads nowhere');
    },
  );

  await t.test(
    'has cookies that no script reads and no other host sets (RFC 6265bis §4.1.3)',
    async (t) => {
      const secure = await startGatehouse(t, { issuer: 'https://auth.example.com' });
      const app = await registerClient(secure);
      const local = `http://127.0.0.1:${secure.config.port}`;
      const asked = await fetch(authorizeUrl({ issuer: local }, app, newPkce()), {
        redirect: 'manual',
      });
      const path = asked.headers.get('location')!;
      const cookie = asked.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; ');
      const page = await fetch(local + path, { headers: { cookie } });
      const token = /name="_csrf" value="([^"]*)"/.exec(await page.text())![1]!;
      const person = await createUser(secure);
      const csrf = page.headers.getSetCookie().map((one) => one.split(';')[0]);
      const signedIn = await fetch(`${local}${path}/sign-in`, {
        ...{ method: 'POST', redirect: 'manual' },
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          cookie: [cookie, ...csrf].join('; '),
        },
        body: new URLSearchParams({ _csrf: token, email: person.email, password: person.password }),
      });
      t.equal(signedIn.status, 303);
      const set = [asked, page, signedIn].flatMap((answer) => answer.headers.getSetCookie());
      const names = set.map((one) => one.slice(0, one.indexOf('=')));
      t.same([...new Set(names)].sort(), [
        '__Host-gatehouse_csrf',
        '__Host-gatehouse_session',
        '__Secure-gatehouse_interaction',
        '__Secure-gatehouse_resume',
      ]);
      for (const one of set) {
        t.match(one, /; ?httponly(;|$)/i, one);
        t.match(one, /; ?secure(;|$)/i, one);
        t.match(one, /; ?samesite=lax(;|$)/i, one);
        t.notMatch(one, /; ?domain=/i, one);
        if (one.startsWith('__Host-')) t.match(one, /; ?path=\/(;|$)/i, one);
      }
    },
  );
});
