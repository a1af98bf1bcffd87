import t, { type Test } from 'tap';
import { startReporter } from '../leaks/reporter.ts';
import type { Visitor } from '../support/browser.ts';
import { createUser, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { signIn } from './person.ts';
import { inABrowser, visit, WINDOWS } from './windows.ts';

const PLACE = `https://github.com/acme/shop/blob/main/${'deeper/'.repeat(20)}.env`;
const NEW_KEY = { name: 'Nightly export', scopes: ['can_read_calls'] };

await inABrowser(t, async (browser) => {
  const reporter = await startReporter(t);
  const gatehouse = await startGatehouse(t, {
    platform: 'klen',
    environment: reporter.environment,
  });
  const leak = (key: string) => reporter.report(gatehouse, [key], PLACE);
  for (const window of WINDOWS) {
    await t.test(`${window.name}: reads where a key was found, and puts the notice away`, (t) =>
      visit(t, browser, { ...window, origins: [gatehouse.issuer] }, (visitor) =>
        aLeak(t, gatehouse, visitor, leak),
      ),
    );
  }
});

async function aLeak(
  t: Test,
  gatehouse: TestGatehouse,
  { page, look }: Visitor,
  leak: (key: string) => Promise<string[]>,
) {
  const user = await createUser(gatehouse);
  const response = await fetch(`${gatehouse.issuer}/manage/v1/api-keys`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gatehouse.adminKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...NEW_KEY, organization_id: user.organizationId }),
  });
  t.equal(response.status, 201);
  const { key } = (await response.json()) as { key: string };
  t.same(await leak(key), ['true_positive']);
  await page.goto(`${gatehouse.issuer}/sign-in`);
  await signIn({ page }, user.email, user.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor({ state: 'detached' });
  const overview = `${gatehouse.issuer}/dashboard/organizations/${user.organizationId}`;
  await page.goto(overview);
  const title = page.getByRole('heading', { name: 'An API key was found in public' });
  await title.waitFor();
  await look('overview-leak');
  await page.goto(`${overview}/keys?revoked=1`);
  await page.getByText(`found in public at ${PLACE}`).waitFor();
  await look('keys-leaked');
  await page.goto(overview);
  await page.getByRole('link', { name: 'Nightly export' }).click();
  await page.getByText(`Revoked: found in public at ${PLACE}`).waitFor();
  await look('key-leaked');
  await page.goto(overview);
  await page.getByRole('button', { name: 'Dismiss Nightly export' }).click();
  await page.getByText('The notice is put away').waitFor();
  t.equal(await title.count(), 0);
}
