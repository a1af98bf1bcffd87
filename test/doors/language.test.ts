import t, { type Test } from 'tap';
import { authorizeUrl, newPkce, signIn } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createUserAgent, type Page } from '../support/user-agent.ts';

const GERMAN = 'de-AT,de;q=0.9,en;q=0.8';
const ENGLISH = 'en-GB,en;q=0.9,de;q=0.8';

/** What a browser reads as another host, or nothing of ours. */
const ELSEWHERE = [
  ...['https://evil.example/', '//evil.example', '/\\evil.example', '/\t/evil.example'],
  ...['/..//evil.example', '/.//evil.example', '/%2e%2e//evil.example', '/a/..//evil.example'],
  ...['javascript:alert(1)', 'dashboard', ''],
];

/** Where the page's switch to a language leads. */
function switchTo(page: Page, language: 'en' | 'de'): string {
  const found = new RegExp(`href="(/language\\?to=${language}&amp;[^"]*)"`).exec(page.body)?.[1];
  if (!found) throw new Error(`no switch to ${language} at ${page.url} (${page.status})`);
  return new URL(found.replaceAll('&amp;', '&'), page.url).href;
}

/** The page is in that language, and says so to readers, programs and caches. */
function isIn(t: Test, language: 'en' | 'de', page: Page, words: string): void {
  t.match(page.body, `<html lang="${language}">`, page.url);
  t.match(page.body, words);
  t.equal(page.headers.get('content-language'), language);
  t.match(page.headers.get('vary') ?? '', /\baccept-language\b/i);
}

t.test('pages are in the reader’s language', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const client = await registerClient(gatehouse, { name: 'Meeting Minutes' });
  const user = await createUser(gatehouse);
  const german = createUserAgent(undefined, GERMAN);
  const english = createUserAgent(undefined, ENGLISH);
  const wrongly = { email: user.email, password: 'not the password' };

  await t.test('by Accept-Language (RFC 9110 §12.5.4), else in English', async (t) => {
    isIn(t, 'de', await german.get(`${issuer}/sign-in`), 'Passwort');
    isIn(t, 'en', await english.get(`${issuer}/sign-in`), 'Password');
    for (const other of ['fr', '*', '', 'de;q=0', '"><script>alert(1)</script>']) {
      const page = await createUserAgent(undefined, other).get(`${issuer}/sign-in`);
      isIn(t, 'en', page, 'Password');
      t.notMatch(page.body, 'alert(1)');
    }
  });

  await t.test('also the answer to a form, whose body was read before', async (t) => {
    const page = await german.get(`${issuer}/sign-in`);
    const form = page.forms.find(({ action }) => action.endsWith('/sign-in'))!;
    isIn(t, 'de', await german.submit(page, form, wrongly), 'gibt es kein Konto');
    const stale = await german.submit(page, form, { ...wrongly, _csrf: 'forged' });
    t.equal(stale.status, 403);
    isIn(t, 'de', stale, 'Dieses Formular ist veraltet');
    const endless = await german.submit(page, form, { email: 'x'.repeat(70_000) });
    t.equal(endless.status, 413);
    isIn(t, 'de', endless, 'Dieser Link funktioniert nicht');
  });

  await t.test('also where nothing is', async (t) => {
    const page = await german.get(`${issuer}/no/such/page`);
    t.equal(page.status, 404);
    isIn(t, 'de', page, 'Hier ist nichts');
  });

  await t.test('each reader in their own, however many read at once', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const language = index % 2 ? 'de' : 'en';
        const agent = createUserAgent(undefined, language);
        const page = await agent.get(`${issuer}/sign-in`);
        const failed = await agent.submit(page, page.forms[0]!, {
          email: `nobody-${index}@example.com`,
          password: 'not the password',
        });
        return [language, page, failed] as const;
      }),
    );
    for (const [language, ...pages] of answers) {
      for (const page of pages) t.equal(page.headers.get('content-language'), language);
      for (const page of pages) t.match(page.body, `<html lang="${language}">`);
    }
  });

  await t.test(
    'an app’s ui_locales win up to consent (OpenID Connect Core §3.1.2.1)',
    async (t) => {
      for (const [agent, locales, language, words] of [
        [
          english,
          'fr de-AT en',
          'de',
          ['Bei Acme Notes anmelden', 'gibt es kein Konto', 'zugreifen'],
        ],
        [german, 'en', 'en', ['Sign in to Acme Notes', 'don’t match an account', 'wants access']],
        [german, 'fr', 'de', ['Bei Acme Notes anmelden', 'gibt es kein Konto', 'zugreifen']],
      ] as const) {
        const fresh = createUserAgent(undefined, agent === german ? GERMAN : ENGLISH);
        const url = authorizeUrl(gatehouse, client, newPkce(), { ui_locales: locales });
        const page = await fresh.follow(await fresh.get(url));
        isIn(t, language, page, words[0]);
        const form = page.forms.find(({ action }) => action.endsWith('/sign-in'))!;
        isIn(t, language, await fresh.submit(page, form, wrongly), words[1]);
        isIn(t, language, await signIn(fresh, page, user), words[2]);
      }
    },
  );

  await t.test('the protocol’s own error page listens to both', async (t) => {
    const unknown = { ...client, clientId: 'nobody' };
    const url = (more = {}) => authorizeUrl(gatehouse, unknown, newPkce(), more);
    isIn(t, 'de', await german.get(url()), 'Dieser Link funktioniert nicht');
    isIn(t, 'en', await german.get(url({ ui_locales: 'en' })), 'This link doesn’t work');
    isIn(t, 'de', await english.get(url({ ui_locales: 'de' })), 'Dieser Link funktioniert nicht');
    const twice = await english.get(`${url({ ui_locales: 'de' })}&ui_locales=de`);
    t.equal(twice.status, 400);
    isIn(t, 'en', twice, 'This link doesn’t work');
    const hostile = await english.get(url({ ui_locales: '"><script>alert(1)</script>' }));
    isIn(t, 'en', hostile, 'This link doesn’t work');
    t.notMatch(hostile.body, '<script>alert');
  });

  await t.test('an answer by form_post (Form Post Response Mode)', async (t) => {
    const url = (more = {}) =>
      authorizeUrl(gatehouse, client, newPkce(), {
        ...{ response_mode: 'form_post', prompt: 'none', ...more },
      });
    isIn(t, 'de', await german.get(url()), 'Ihre Antwort geht zurück an Meeting Minutes.');
    isIn(t, 'en', await german.get(url({ ui_locales: 'en' })), 'Your answer goes back to');
  });

  await t.test('so does signing out (OpenID Connect RP-Initiated Logout §2)', async (t) => {
    const agent = createUserAgent(undefined, ENGLISH);
    const page = await agent.get(`${issuer}/sign-in`);
    await signIn(agent, page, user);
    isIn(t, 'en', await agent.get(`${issuer}/oauth/logout`), 'Sign out of');
    const asked = await agent.get(`${issuer}/oauth/logout?ui_locales=de`);
    isIn(t, 'de', asked, 'Ja, abmelden');
    const gone = await agent.submit(asked, asked.forms[0]!, { logout: 'yes' });
    isIn(t, 'en', await agent.follow(gone), 'You are signed out');
    const away = await german.get(`${issuer}/oauth/logout/success`);
    isIn(t, 'de', away, 'Sie sind abgemeldet');
  });
});

t.test('readers choose their language at the foot of the pages', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);

  await t.test('by a link, which keeps the page they are on', async (t) => {
    const agent = createUserAgent(undefined, ENGLISH);
    const url = `${issuer}/sign-in?return_to=%2Fdashboard%2Fsecurity&again=no`;
    const page = await agent.get(url);
    const link = switchTo(page, 'de');
    t.match(page.body, /lang="en" hreflang="en" rel="nofollow" aria-current="true">English</);
    const answer = await agent.get(link);
    t.equal(answer.status, 303);
    t.equal(answer.headers.get('cache-control'), 'no-store');
    t.match(
      answer.headers.get('set-cookie'),
      /^gatehouse_language=de; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const again = await agent.follow(answer);
    t.equal(again.url, url, 'with its query');
    isIn(t, 'de', again, 'Passwort');
    t.match(again.headers.get('vary') ?? '', /\bcookie\b/i);
    const { email, password } = user;
    const inside = await agent.submit(again, again.forms[0]!, { email, password });
    isIn(t, 'de', await agent.follow(inside), 'Sicherheit');
    const dashboard = await agent.get(`${issuer}/dashboard/security`);
    isIn(t, 'en', await agent.follow(await agent.get(switchTo(dashboard, 'en'))), 'Security');
  });

  await t.test('on the protocol’s own pages, but on no error', async (t) => {
    const agent = createUserAgent(undefined, ENGLISH);
    const goodbye = '/oauth/logout/success';
    const there = await createUserAgent().get(switchTo(await agent.get(issuer + goodbye), 'de'));
    t.equal(there.headers.get('location'), goodbye);
    for (const path of ['/no/such/page', '/oauth/authorize?client_id=nobody']) {
      const page = await agent.get(issuer + path);
      t.notMatch(page.body, '/language?', 'an error says nothing of what was asked for');
    }
    await signIn(agent, await agent.get(`${issuer}/sign-in`), user);
    const asked = '/oauth/authorize?client_id=nobody&state=kept&scope=openid';
    const signedIn = await agent.get(issuer + asked);
    t.match(signedIn.body, 'This link doesn’t work');
    t.notMatch(signedIn.body, '/language?', 'nor to whoever is signed in');
    const query = new URLSearchParams({ to: 'de', return_to: asked });
    const kept = await agent.get(`${issuer}/language?${query}`);
    t.equal(kept.headers.get('location'), asked, 'a switch that did lead there would keep it all');
    await agent.get(`${issuer}/language?to=en`);
    const playground = await agent.get(`${issuer}/playground?flow=refresh&client_secret=leaked`);
    t.notMatch(playground.body, 'leaked', 'of the playground’s address its setup alone');
    const back = await createUserAgent().get(switchTo(playground, 'de'));
    t.match(back.headers.get('location'), /^\/playground\?flow=refresh&scope=[\w+%]*&route=/);
  });

  await t.test(
    'over what an app asks for (ui_locales), which comes before the browser',
    async (t) => {
      const agent = createUserAgent(undefined, ENGLISH);
      const url = authorizeUrl(gatehouse, client, newPkce(), { ui_locales: 'en' });
      const page = await agent.follow(await agent.get(url));
      const german = await agent.follow(await agent.get(switchTo(page, 'de')));
      t.equal(german.url, page.url, 'the same interaction');
      isIn(t, 'de', german, 'Passwort');
      isIn(t, 'de', await signIn(agent, german, user), 'zugreifen');
      const unknown = authorizeUrl(gatehouse, { ...client, clientId: 'no' }, newPkce());
      isIn(t, 'de', await agent.get(`${unknown}&ui_locales=en`), 'Dieser Link funktioniert nicht');
    },
  );

  await t.test('and are sent nowhere else', async (t) => {
    for (const elsewhere of ELSEWHERE) {
      const query = new URLSearchParams({ to: 'de', return_to: elsewhere });
      const answer = await createUserAgent().get(`${issuer}/language?${query}`);
      t.equal(answer.headers.get('location'), '/', elsewhere);
    }
    const twice = await createUserAgent().get(`${issuer}/language?to=de&return_to=/a&return_to=/b`);
    t.equal(twice.headers.get('location'), '/');
  });

  await t.test('themselves: no other site does it for them', async (t) => {
    for (const [site, isSet] of [
      ['same-origin', true],
      ['none', true],
      ['same-site', false],
      ['cross-site', false],
    ] as const) {
      const answer = await fetch(`${issuer}/language?to=de&return_to=/sign-in`, {
        ...{ redirect: 'manual', headers: { 'sec-fetch-site': site } },
      });
      t.equal(answer.headers.get('set-cookie') !== null, isSet, site);
      t.equal(answer.headers.get('location'), '/sign-in');
    }
  });

  await t.test('of those there are: anything else is refused, or counts as nothing', async (t) => {
    for (const query of ['', '?to=', '?to=fr', '?to=de&to=en', '?to=DE', '?to=__proto__']) {
      const answer = await createUserAgent().get(`${issuer}/language${query}`);
      t.equal(answer.status, 400, query);
      t.equal(answer.headers.get('set-cookie'), null);
      isIn(t, 'en', answer, 'This link doesn’t work');
    }
    for (const value of ['fr', '', '"><script>', 'de%0d%0ax', '%', 'd'.repeat(4000)]) {
      const page = await fetch(`${issuer}/sign-in`, {
        headers: { cookie: `gatehouse_language=${value}`, 'accept-language': GERMAN },
      });
      t.equal(page.headers.get('content-language'), 'de', value.slice(0, 20));
    }
  });

  await t.test('where the page can be asked for again: not in the answer to a form', async (t) => {
    const agent = createUserAgent();
    const page = await agent.get(`${issuer}/sign-in`);
    const wrong = await agent.submit(page, page.forms[0]!, { ...user, password: 'wrong' });
    t.match(wrong.body, 'don’t match an account');
    t.notMatch(wrong.body, '/language?');
    for (const path of [
      '/playground/callback?code=abc&state=x',
      `/sign-in?x=${'x'.repeat(2000)}`,
    ]) {
      const { body } = await agent.get(issuer + path);
      t.match(body, '<html');
      t.notMatch(body, '/language?', 'a code is not copied into a link, nor what is endless');
    }
  });

  await t.test('under the name that a neighbour cannot plant, on https', async (t) => {
    const proxied = {
      origin: 'https://auth.example.test',
      environment: { TRUST_PROXY: '127.0.0.1' },
    };
    const secured = await startGatehouse(t, {
      issuer: proxied.origin,
      environment: proxied.environment,
    });
    const agent = createUserAgent({ origin: proxied.origin, address: secured.address });
    const page = await agent.get(`${proxied.origin}/sign-in`);
    const answer = await agent.get(switchTo(page, 'de'));
    t.match(
      answer.headers.get('set-cookie'),
      /^__Host-gatehouse_language=de; .*; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    isIn(t, 'de', await agent.follow(answer), 'Passwort');
  });
});

t.test('signing in leads back to a page of this server, and nowhere else', async (t) => {
  const gatehouse = await startGatehouse(t);
  const user = await createUser(gatehouse);
  for (const elsewhere of ELSEWHERE) {
    const agent = createUserAgent();
    const query = new URLSearchParams({ return_to: elsewhere });
    const page = await agent.get(`${gatehouse.issuer}/sign-in?${query}`);
    const { email, password } = user;
    const answer = await agent.submit(page, page.forms[0]!, { email, password });
    t.equal(answer.headers.get('location'), '/', elsewhere);
  }
});

t.test('the documents are in English, whoever reads them first', async (t) => {
  const { issuer } = await startGatehouse(t);
  const german = createUserAgent(undefined, 'de');
  for (const path of ['/docs/authentication', '/reference']) {
    const page = await german.get(`${issuer}${path}`);
    t.equal(page.headers.get('content-language'), 'en');
    t.match(page.body, '<html lang="en">');
    t.match(page.headers.get('cache-control'), /^public/);
  }
});

t.test('the metadata name the languages (RFC 8414 §2)', async (t) => {
  const { issuer } = await startGatehouse(t);
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const answer = await fetch(`${issuer}/.well-known/${name}`);
    const metadata = (await answer.json()) as { ui_locales_supported?: string[] };
    t.same(metadata.ui_locales_supported, ['en', 'de'], name);
  }
});
