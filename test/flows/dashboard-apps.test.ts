import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { importPKCS8 } from 'jose';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { sign } from '../credentials/signer.ts';
import type { Visitor } from '../support/browser.ts';
import { createUser, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { signIn } from './person.ts';
import { hasScripts, inABrowser, visit, WINDOWS } from './windows.ts';

interface Desk {
  visitor: Visitor;
  page: Page;
  gatehouse: TestGatehouse;
  scripts: boolean;
  organizationId: string;
  /** Below the organization's own address. */
  open(path: string): Promise<unknown>;
}

await inABrowser(t, async (browser) => {
  const gatehouse = await startGatehouse(t, { platform: 'kaie' });
  const origins = [gatehouse.issuer];
  const stories = {
    'registers an app and rotates its secret': app,
    'adds a service account': account,
  };
  for (const window of WINDOWS) {
    for (const [name, story] of Object.entries(stories)) {
      await t.test(`${name}: ${window.name}`, (t) =>
        visit(t, browser, { ...window, origins }, async (visitor) =>
          story(t, await sitDown(gatehouse, visitor, hasScripts(window))),
        ),
      );
    }
  }
});

async function sitDown(
  gatehouse: TestGatehouse,
  visitor: Visitor,
  scripts: boolean,
): Promise<Desk> {
  const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
  const { organizationId } = user;
  const { page } = visitor;
  const home = `${gatehouse.issuer}/dashboard/organizations/${organizationId}`;
  const open = (path: string) => page.goto(home + path);
  await open('');
  await signIn(visitor, user.email, user.password);
  await page.waitForURL(home);
  return { visitor, page, gatehouse, scripts, organizationId, open };
}

function press(page: Page, name: string): Promise<void> {
  return page.getByRole('button', { name, exact: true }).click();
}

async function app(t: Test, { visitor, page, scripts, open }: Desk): Promise<void> {
  await open('/apps');
  await visitor.look('apps-empty');
  await page.getByRole('link', { name: 'Register an app' }).click();
  await visitor.look('app-new');
  await page.getByRole('radio', { name: 'Web app with a server' }).check();
  await page.getByLabel('Name', { exact: true }).fill('Northwind Sync');
  const uris = page.getByLabel('Redirect URIs');
  await uris.fill('http://app.example.com/callback\nhttps://app.example.com/callback');
  if (scripts) {
    await page.getByText('must begin with https://').waitFor();
    t.equal(await uris.getAttribute('aria-invalid'), 'true', 'before anything is sent');
    await visitor.look('app-new-checked');
  }
  await page.getByLabel('See your workflows').check();
  await press(page, 'Register app');
  await page.getByRole('alert').waitFor();
  t.equal(await page.evaluate('document.activeElement.id'), 'error-summary');
  t.match(await page.title(), /^Error: /);
  t.ok(await page.getByLabel('See your workflows').isChecked(), 'what was chosen stays');
  await visitor.look('app-new-wrong');
  await uris.fill('https://app.example.com/callback');
  if (scripts) await page.getByText('These can be registered').waitFor();
  await press(page, 'Register app');
  await page.getByRole('heading', { name: 'Northwind Sync is registered' }).waitFor();
  await visitor.look('app-created');
  const first = await page.locator('#client-secret').textContent();
  t.match(first, /^ghcs_/);
  await page.getByLabel('I have saved it').check();
  await press(page, 'Go on to the app');
  await page.getByRole('heading', { name: 'Northwind Sync' }).waitFor();
  await visitor.look('app');
  t.notOk((await page.content()).includes(first!), 'it is shown once');

  await page.getByLabel('The secret in use goes on working').selectOption('for a week');
  await press(page, 'Make a new secret');
  await page.getByText('The secret before it goes on working until').waitFor();
  await visitor.look('app-rotated');
  await page.reload();
  await page.getByText('the secret was not replaced again').waitFor();
  t.equal(await page.getByText('Works until').count(), 2, 'both are there, and no third');
  await visitor.look('app-two-secrets');

  await press(page, 'Disable app');
  await page.getByText('The app is disabled').waitFor();
  await page.getByRole('link', { name: 'Delete app' }).click();
  await visitor.look('app-delete');
  await press(page, 'Delete app');
  await page.getByText('The app is deleted.').waitFor();
  await playgroundLink(t, { page, open });
  await visitor.look('apps');
}

async function playgroundLink(t: Test, { page, open }: Pick<Desk, 'page' | 'open'>) {
  await open('/apps/new');
  await page.getByRole('radio', { name: 'Mobile or desktop app' }).check();
  t.notOk(await page.getByText('With https, or http on localhost').isVisible(), 'the hint fits');
  await page.getByLabel('Name', { exact: true }).fill('Pocket Kaie');
  await page.getByLabel('Redirect URIs').fill('com.example.pocket:/callback');
  await press(page, 'Register app');
  await page.getByText('The app is registered.').waitFor();
  const link = page.getByRole('link', { name: 'Try it in the playground' });
  t.match(await link.getAttribute('href'), /^\/playground\?client_id=[\w-]{36}$/);
  await open('/apps');
}

async function account(t: Test, desk: Desk): Promise<void> {
  const { visitor, page, gatehouse, scripts, organizationId, open } = desk;
  await open('/service-accounts');
  await visitor.look('accounts-empty');
  await page.getByRole('link', { name: 'Add a service account' }).click();
  await visitor.look('account-new');
  await page.getByLabel('Name', { exact: true }).fill('Nightly export');
  await page.getByLabel('See your workflows').check();
  const make = page.getByRole('button', { name: 'Make a key pair in this browser' });
  t.equal(await make.isVisible(), scripts, 'offered where it works');
  await page.getByLabel('Public key').fill('-----BEGIN PRIVATE KEY-----\nMIGHAgEA');
  await press(page, 'Add service account');
  await page.getByRole('alert').waitFor();
  t.equal(await page.getByLabel('Public key').inputValue(), '', 'a private key is not sent back');
  await visitor.look('account-private-key');

  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData()}`));
  const pem = scripts ? await madeInTheBrowser(t, desk) : await pasted(page);
  await press(page, 'Add service account');
  await page.getByText('The service account is ready').waitFor();
  await visitor.look('account');
  const d = createPrivateKey(pem).export({ format: 'jwk' }).d!;
  const inside = pem.split('\n').slice(1, -2);
  t.ok(sent.length > 0);
  for (const part of [d, ...inside]) t.notOk(sent.some((request) => request.includes(part)));

  const { serviceAccounts } = gatehouse.credentials;
  const [made] = await serviceAccounts.list({ organizationId, limit: 1 });
  const jwk = createPublicKey(pem).export({ format: 'jwk' });
  t.match(made!.keys, [{ x: jwk.x, alg: 'ES256' }], 'the public half arrived');
  const privateKey = await importPKCS8(pem, 'ES256');
  const signer = { kid: made!.keys[0]!.kid, alg: 'ES256', privateKey, publicJwk: {} };
  const jwt = await sign(signer, made!, gatehouse.platform.api.identifier);
  const answer = await fetch(`${gatehouse.issuer}/gate/check`, {
    headers: {
      authorization: `Bearer ${jwt}`,
      ...{ 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/v1/workflows' },
    },
  });
  t.equal(answer.status, 200, 'and what the private half signs is let in');

  await page.getByText('Add a key').click();
  await visitor.look('account-add-key');
  await page
    .getByLabel('Public key')
    .fill(JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'a', y: 'b' }));
  await press(page, 'Add key');
  await page.getByRole('alert').waitFor();
  await visitor.look('account-key-refused');
  await page.getByRole('link', { name: 'Delete account' }).click();
  await press(page, 'Delete account');
  await page.getByText('The service account is deleted.').waitFor();
}

/** @returns the private key, as it was downloaded */
async function madeInTheBrowser(t: Test, { page, visitor }: Desk): Promise<string> {
  await press(page, 'Make a key pair in this browser');
  await page.getByText('Your private key, shown this once').waitFor();
  await visitor.look('account-pair');
  const downloaded = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download private key' }).click();
  const download = await downloaded;
  t.equal(download.suggestedFilename(), 'private-key.pem');
  const pem = readFileSync(await download.path(), 'utf8');
  t.equal(pem, await page.locator('[data-private]').textContent());
  await press(page, 'Add service account');
  t.match(page.url(), /\/service-accounts(\/new)?$/, 'it waits until the key is saved');
  await page.getByLabel('I have saved the private key').check();
  return pem;
}

async function pasted(page: Page): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  await page.getByLabel('Public key').fill(pem);
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
