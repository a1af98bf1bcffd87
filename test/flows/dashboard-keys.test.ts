import t, { type Test } from 'tap';
import type { Visitor } from '../support/browser.ts';
import { createUser, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { decide } from '../usage/house.ts';
import { focused, signIn } from './person.ts';
import { hasScripts, inABrowser, visit, WINDOWS } from './windows.ts';

await inABrowser(t, async (browser) => {
  const kaie = await startGatehouse(t, { platform: 'kaie' });
  const klen = await startGatehouse(t, { platform: 'klen' });
  const stories = [
    ['makes a key, saves it, looks at its usage, rotates and revokes it', kaie, aKeysLife],
    ['gives a key limits and addresses, after a slip', klen, withLimits],
  ] as const;
  for (const window of WINDOWS) {
    for (const [name, gatehouse, story] of stories) {
      const options = { ...window, origins: [gatehouse.issuer] };
      await t.test(`${window.name}: ${name}`, (t) =>
        visit(t, browser, options, (visitor) => story(t, gatehouse, visitor, hasScripts(window))),
      );
    }
  }
});

/** Signs somebody in and goes to their keys, as the documents say. */
async function goToKeys(gatehouse: TestGatehouse, { page }: Visitor): Promise<string> {
  const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
  await page.goto(`${gatehouse.issuer}/sign-in`);
  await signIn({ page }, user.email, user.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor({ state: 'detached' });
  await page.goto(`${gatehouse.issuer}/dashboard`);
  const menu = page.getByText('Menu', { exact: true });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('link', { name: 'API keys' }).and(page.locator(':visible')).first().click();
  await page.getByRole('heading', { name: 'API Keys' }).waitFor();
  return user.organizationId;
}

async function aKeysLife(t: Test, gatehouse: TestGatehouse, visitor: Visitor, scripts: boolean) {
  const { page } = visitor;
  const organization = await goToKeys(gatehouse, visitor);
  await visitor.look('keys-empty');
  await page.getByRole('link', { name: 'Create New API Key' }).first().click();
  t.equal(await focused(visitor), 'name', 'the first field has the focus');
  await visitor.look('keys-form');
  await page.getByLabel('Give your key a descriptive name').fill('Nightly export');
  await page.getByRole('radio', { name: 'Choose yourself' }).check();
  await page.getByRole('group', { name: 'workflows' }).getByLabel('Write').check();
  await page.getByRole('group', { name: 'analytics' }).getByLabel('Read').check();
  await page.getByLabel('Expires').selectOption('On a date');
  await page.getByLabel('Last day').fill('2399-12-31');
  await visitor.look('keys-form-own');
  await page.getByRole('button', { name: 'Create Key' }).click();
  await page.getByRole('heading', { name: 'Your new API key' }).waitFor();
  await visitor.look('keys-secret');
  const secret = await page.locator('#secret').textContent();
  t.match(secret, /^kaie_live_/);
  t.notMatch(page.url(), secret!);
  const copy = page.getByRole('button', { name: 'Copy', exact: true });
  t.equal(await copy.isVisible(), scripts, 'what would not work is not offered');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('heading', { name: 'Nightly export' }).waitFor();

  const [key] = await gatehouse.credentials.apiKeys.list({
    ...{ organizationId: organization, includeRevoked: true, limit: 10 },
  });
  t.same(key!.scopes, ['workflows:read', 'workflows:write', 'analytics:read']);
  const call = { organization, credential: key!.id, path: '/v1/workflows/*' };
  decide(gatehouse.usage, { ...call, times: 180 });
  decide(gatehouse.usage, { ...call, method: 'POST', times: 41 });
  decide(gatehouse.usage, { ...call, denied: 'rate_limited', times: 37 });
  decide(gatehouse.usage, { ...call, denied: 'insufficient_permission', times: 5 });
  await page.reload();
  await page.getByText('221').first().waitFor();
  await page.getByText('The figures').first().click();
  await visitor.look('keys-detail');
  await page.getByRole('link', { name: 'All usage of this key' }).click();
  await page.getByText('Too many requests in a short time').waitFor();
  await page.getByLabel('Range').selectOption('Last 7 days');
  await page.getByLabel('Route').selectOption('POST /v1/workflows/*');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByText('None was refused').waitFor();
  await page.getByRole('link', { name: 'Show everything' }).click();
  await page.getByText('The key lacked the permission').waitFor();
  await visitor.look('usage');

  await page.goBack();
  await page.goBack();
  await page.goBack();
  await page.getByLabel('The string it has now').selectOption('For an hour');
  await page.getByRole('button', { name: 'Rotate key' }).click();
  await page.getByRole('heading', { name: 'Your new key string' }).waitFor();
  await visitor.look('keys-rotated');
  const rotated = await page.locator('#secret').textContent();
  await page.reload();
  await page.getByText('That form was sent before').waitFor();
  t.notMatch(await page.content(), rotated!, 'loaded again, it shows and makes nothing');
  await page.getByRole('link', { name: 'Revoke', exact: true }).click();
  await visitor.look('keys-revoke');
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('The key is revoked').waitFor();
  await page.getByRole('link', { name: 'Show revoked keys, too' }).click();
  await visitor.look('keys-revoked');
}

async function withLimits(t: Test, gatehouse: TestGatehouse, visitor: Visitor) {
  const { page } = visitor;
  await goToKeys(gatehouse, visitor);
  await page.getByRole('link', { name: 'Create New API Key' }).first().click();
  await page.getByLabel('Give your key a descriptive name').fill('Front desk');
  await page.getByRole('radio', { name: 'Staging' }).check();
  await page.getByRole('checkbox', { name: 'See calls' }).check();
  await page.getByText('Limits and addresses').click();
  await page.getByLabel('Calls initiated per day').fill('1000');
  await page.getByLabel('Allowed addresses').fill('203.0.113.0/24\n203.0.113.300');
  await page.getByRole('button', { name: 'Create Key' }).click();
  const summary = page.getByRole('alert');
  await summary.waitFor();
  t.match(await summary.textContent(), '“203.0.113.300” is neither an address');
  t.equal(await page.evaluate('document.activeElement.id'), 'error-summary', 'it has the focus');
  await visitor.look('keys-form-errors');
  t.ok(await page.getByRole('checkbox', { name: 'See calls' }).isChecked(), 'what was typed stays');
  await page.getByLabel('Calls initiated per day').fill('10');
  await page.getByLabel('Allowed addresses').fill('203.0.113.0/24');
  await page.getByRole('button', { name: 'Create Key' }).click();
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('for this key').waitFor();
  t.match(await page.locator('main').textContent(), '203.0.113.0/24');
  await page.getByRole('button', { name: 'Disable key' }).click();
  await page.getByText('The key is disabled').waitFor();
  await visitor.look('keys-disabled');
  await page.getByRole('link', { name: 'All API keys' }).click();
  await visitor.look('keys');
}
