import t, { type Test } from 'tap';
import { authorizeUrl, newPkce, signIn } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createUserAgent, type Page } from '../support/user-agent.ts';

const GERMAN = 'de-AT,de;q=0.9,en;q=0.8';
const ENGLISH = 'en-GB,en;q=0.9,de;q=0.8';

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
