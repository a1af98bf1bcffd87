import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'playwright-core';
import t, { type Test } from 'tap';
import { startApp, type Visitor } from '../support/browser.ts';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { startTlsProxy } from '../support/tls-proxy.ts';
import { scopeBroughtBack, signIn } from './person.ts';
import { inTheWholeBrowser, onDesktop, visit } from './windows.ts';

// A form that a page of another site posts brings no cookie of ours; the person is to be known all the same
// (docs/decisions/0008).

const HOST = 'auth.example.test';
const ISSUER = `https://${HOST}`;
const SESSION = '__Host-gatehouse_session=';

/** The page of another site: a form for the address in its query, with that one's query as fields. */
async function startForms(t: Test): Promise<{ origin: string; formFor(url: string): string }> {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://app').searchParams;
    const target = new URL(query.get('url')!);
    const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const fields = [...target.searchParams].map(
      ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
    );
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="data:,">
      <form method="post" action="${target.origin}${target.pathname}">${fields.join('')}
      <button>Go on</button></form>
      ${query.has('by_itself') ? '<script>document.forms[0].submit()</script>' : ''}</html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, formFor: (url) => `${origin}/?url=${encodeURIComponent(url)}` };
}

/** The POST to that path, and the GET that the browser made of it. */
async function bothRequests({ page }: Visitor, path: string, act: () => Promise<unknown>) {
  const isPost = (request: Request) =>
    request.method() === 'POST' && request.url() === ISSUER + path;
  const sent = page.waitForRequest(isPost);
  await act();
  const post = await sent;
  await post.response();
  const get = post.redirectedTo()!;
  return { post: await post.allHeaders(), get: await get.allHeaders(), method: get.method() };
}

const gatehouse = await startGatehouse(t, {
  ...{ issuer: ISSUER, environment: { TRUST_PROXY: '127.0.0.1' } },
});
const port = await startTlsProxy(t, HOST, gatehouse.address);
const app = await startApp(t);
const forms = await startForms(t);

async function story(t: Test, visitor: Visitor): Promise<void> {
  const { page } = visitor;
  const client = await registerClient(gatehouse, {
    ...{ redirectUris: [app.callback], postLogoutRedirectUris: [app.callback] },
  });
  const user = await createUser(gatehouse);
  await page.goto(`${ISSUER}/sign-in`);
  await signIn(visitor, user.email, user.password);
  await page.getByRole('heading', { name: 'Hello' }).waitFor();

  const pkce = newPkce();
  await page.goto(forms.formFor(authorizeUrl(gatehouse, client, pkce)));
  const asked = await bothRequests(visitor, '/oauth/authorize', () =>
    page.getByRole('button', { name: 'Go on' }).click(),
  );
  t.equal(asked.post['sec-fetch-site'], 'cross-site', 'another site has posted it');
  t.notMatch(asked.post.cookie ?? '', SESSION, 'without a cookie');
  t.equal(asked.method, 'GET');
  t.match(asked.get.cookie, SESSION, 'which the browser brings when it asks again');
  await page.getByRole('heading', { name: 'wants access' }).waitFor();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  const onLoopback = { ...gatehouse, issuer: gatehouse.address };
  const scope = await scopeBroughtBack({ visitor, gatehouse: onLoopback, app }, client, pkce);
  t.equal(scope, 'openid notes:read');

  const again = authorizeUrl(gatehouse, client, newPkce(), { prompt: 'none' });
  await page.goto(`${forms.formFor(again)}&by_itself=1`);
  await page.waitForURL(`${app.callback}?code=**`);
  t.pass('sent by a script, with nobody at the page');

  const parameters = { client_id: client.clientId, post_logout_redirect_uri: app.callback };
  const logout = `${ISSUER}/oauth/logout?${new URLSearchParams({ ...parameters, state: 'bye' })}`;
  await page.goto(forms.formFor(logout));
  const leaving = await bothRequests(visitor, '/oauth/logout', () =>
    page.getByRole('button', { name: 'Go on' }).click(),
  );
  t.notMatch(leaving.post.cookie ?? '', SESSION);
  t.match(leaving.get.cookie, SESSION);
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.waitForURL(`${app.callback}?state=bye`);
  await page.goto(`${ISSUER}/dashboard`);
  t.match(page.url(), '/sign-in', 'and it ended the session');
}

t.test('a form of another site finds the person signed in (OpenID Core §3.1.2.1)', (t) =>
  inTheWholeBrowser(
    t,
    (browser) => {
      const origins = [ISSUER, app.origin, forms.origin];
      const options = { ...onDesktop, ignoreHTTPSErrors: true, origins };
      return visit(t, browser, options, (visitor) => story(t, visitor));
    },
    `--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${port}`,
  ),
);
