import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import {
  type App,
  becomesTrue,
  createVisitor,
  startApp,
  type Visitor,
} from '../support/browser.ts';
import { authorizeUrl, newPkce, redeem } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { startTlsProxy } from '../support/tls-proxy.ts';
import { scopeBroughtBack, signIn } from './person.ts';
import { inTheWholeBrowser, PHONE, visit } from './windows.ts';

interface Stage {
  gatehouse: TestGatehouse;
  app: App;
  visitor: Visitor;
}

const allow = ({ page }: Pick<Visitor, 'page'>) =>
  page.getByRole('button', { name: 'Allow', exact: true });

/** Opens the request, signs in, and allows; where that leads is the test's. */
async function consentTo(
  { gatehouse, visitor }: Stage,
  client: TestClient,
  more: Record<string, string> = {},
  page = visitor.page,
) {
  const user = await createUser(gatehouse);
  const pkce = newPkce();
  await page.goto(authorizeUrl(gatehouse, client, pkce, more));
  await signIn({ page }, user.email, user.password);
  await allow({ page }).click({ noWaitAfter: true });
  return { pkce, user };
}

const STORIES: Record<string, (t: Test, stage: Stage) => Promise<void>> = {
  'to an app’s own scheme (RFC 8252 §7.1)': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const redirectUri = 'com.example.app:/callback';
    const client = await registerClient(gatehouse, {
      redirectUris: [redirectUri],
      tokenEndpointAuthMethod: 'none',
    });
    const gone = visitor.page.waitForEvent('request', (request) =>
      request.url().startsWith(redirectUri),
    );
    const { pkce } = await consentTo(stage, client);
    const back = new URL((await gone).url());
    const answer = await redeem(gatehouse, client, back.searchParams.get('code')!, pkce);
    t.equal(answer.status, 200, 'the code that the browser handed to the app is good');
  },

  'to a loopback address on a port that was free (RFC 8252 §7.3)': async (t, stage) => {
    const { gatehouse, app } = stage;
    const client = await registerClient(gatehouse, {
      redirectUris: ['http://127.0.0.1/callback'],
      tokenEndpointAuthMethod: 'none',
    });
    const there = { ...client, redirectUri: app.callback };
    const { pkce } = await consentTo(stage, there);
    const code = await codeIn(stage.visitor, `${app.callback}**`);
    t.equal((await redeem(gatehouse, there, code, pkce)).status, 200);
  },

  'to an app that sends the browser on to another of its hosts': async (t, stage) => {
    const { gatehouse, app, visitor } = stage;
    const client = await registerClient(gatehouse, { redirectUris: [app.callbackThenElsewhere] });
    const { user } = await consentTo(stage, client);
    t.ok(await codeIn(visitor, 'http://localhost:*/elsewhere**'), 'after consent');

    await visitor.page.context().clearCookies();
    await visitor.page.goto(authorizeUrl(gatehouse, client, newPkce()));
    await signIn(visitor, user.email, user.password);
    t.ok(await codeIn(visitor, 'http://localhost:*/elsewhere**'), 'and straight from sign-in');
  },

  'by a form that the browser sends itself (form_post)': async (t, stage) => {
    const { gatehouse, app, visitor } = stage;
    const client = await registerClient(gatehouse, { redirectUris: [app.callback] });
    const posted = visitor.page.waitForRequest(
      (request) => request.url() === app.callback && request.method() === 'POST',
    );
    const { pkce } = await consentTo(stage, client, { response_mode: 'form_post' });
    const code = new URLSearchParams((await posted).postData()!).get('code')!;
    t.equal((await redeem(gatehouse, client, code, pkce)).status, 200);
    await visitor.page.waitForURL(app.callback);
  },

  'by a button, where no scripts run (form_post)': async (t, stage) => {
    const { gatehouse, app, visitor } = stage;
    const client = await registerClient(gatehouse, { redirectUris: [app.callback] });
    const url = authorizeUrl(gatehouse, client, newPkce(), {
      ...{ response_mode: 'form_post', scope: 'nonsense', state: 'as it was' },
    });
    const context = await visitor.page
      .context()
      .browser()!
      .newContext({
        ...{ javaScriptEnabled: false, locale: 'de-AT', viewport: PHONE },
      });
    const page = await context.newPage();
    await page.goto(url);
    await page.getByRole('heading', { name: 'Zurück zur App' }).waitFor();
    const posted = page.waitForRequest(
      (request) => request.url() === app.callback && request.method() === 'POST',
    );
    await page.getByRole('button', { name: 'Weiter' }).click();
    const answer = new URLSearchParams((await posted).postData()!);
    t.match(Object.fromEntries(answer), { error: 'invalid_scope', state: 'as it was' });
    await page.waitForURL(app.callback);
    await context.close();
  },

  'in a popup, whose opener hears of it': async (t, stage) => {
    const { gatehouse, app, visitor } = stage;
    const client = await registerClient(gatehouse, { redirectUris: [app.callback] });
    const user = await createUser(gatehouse);
    const opened = visitor.page.waitForEvent('popup');
    await visitor.page.goto(app.popupOpener(authorizeUrl(gatehouse, client, newPkce())));
    const page = await opened;
    await signIn({ page }, user.email, user.password);
    await allow({ page }).click();
    await becomesTrue(visitor.page, 'document.title === "heard from the popup"');
    t.match(page.url(), `${app.callback}?code=`);
  },
};

/** As if the page had come with `form-action 'self'` alone. */
const NARROW_POLICY = `{
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = "form-action 'self'";
  document.head.append(meta);
}`;

await t.test('the policy of the pages lets the answer through', (t) =>
  inTheWholeBrowser(t, (browser) => throughThePolicy(t, browser)),
);
await t.test('https in a real browser, as deployed', behindTls);

async function throughThePolicy(t: Test, browser: Browser): Promise<void> {
  const gatehouse = await startGatehouse(t);
  const app = await startApp(t);
  const origins = [gatehouse.issuer, app.origin, app.origin.replace('127.0.0.1', 'localhost')];
  const options = { name: 'redirects', viewport: PHONE, origins };
  for (const [name, story] of Object.entries(STORIES)) {
    await t.test(name, (t) =>
      visit(t, browser, options, (visitor) => story(t, { gatehouse, app, visitor })),
    );
  }

  await t.test('and a policy that were too narrow would have been noticed', async (t) => {
    const visitor = await createVisitor(browser, options);
    const client = await registerClient(gatehouse, { redirectUris: [app.callback] });
    const noticed = visitor.page.waitForEvent('console', (message) =>
      message.text().includes('form-action'),
    );
    visitor.page.on('domcontentloaded', (page) => page.evaluate(NARROW_POLICY));
    await consentTo({ gatehouse, app, visitor }, client);
    await noticed;
    t.match(visitor.problems, [/violates the following Content Security Policy/]);
    await visitor.close();
  });
}

async function behindTls(t: Test): Promise<void> {
  const issuer = 'https://auth.example.test';
  const gatehouse = await startGatehouse(t, { issuer, environment: { TRUST_PROXY: '127.0.0.1' } });
  const port = await startTlsProxy(t, 'auth.example.test', gatehouse.address);
  const app = await startApp(t);
  const options = {
    ...{ name: 'https', viewport: PHONE, ignoreHTTPSErrors: true },
    origins: [issuer, app.origin],
  };
  await inTheWholeBrowser(
    t,
    (browser) =>
      visit(t, browser, options, (visitor) => reachesTheApp(t, { gatehouse, app, visitor })),
    `--host-resolver-rules=MAP auth.example.test:443 127.0.0.1:${port}`,
  );
}

async function reachesTheApp(t: Test, stage: Stage): Promise<void> {
  const { gatehouse, app, visitor } = stage;
  const client = await registerClient(gatehouse, { redirectUris: [app.callback] });
  const { pkce } = await consentTo(stage, client);
  const onLoopback = { ...gatehouse, issuer: gatehouse.address };
  const scope = await scopeBroughtBack({ ...stage, gatehouse: onLoopback }, client, pkce);
  t.equal(scope, 'openid notes:read');
  const cookies = await visitor.page.context().cookies();
  for (const name of ['__Host-gatehouse_csrf', '__Host-gatehouse_session']) {
    const cookie = cookies.find((one) => one.name === name);
    t.match(cookie, { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' }, name);
  }
}

async function codeIn({ page }: Visitor, url: string): Promise<string> {
  await page.waitForURL(url);
  return new URL(page.url()).searchParams.get('code') ?? '';
}
