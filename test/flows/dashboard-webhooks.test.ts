import t, { type Test } from 'tap';
import type { Visitor } from '../support/browser.ts';
import { createUser, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { startReceiver } from '../webhooks/house.ts';
import { signIn } from './person.ts';
import { inABrowser, visit, WINDOWS } from './windows.ts';

await inABrowser(t, async (browser) => {
  const environment = { ALLOW_PRIVATE_TARGETS: '1' };
  const gatehouse = await startGatehouse(t, { platform: 'kaie', environment });
  const { worker } = gatehouse.webhooks;
  worker.start();
  t.teardown(() => worker.stop(AbortSignal.timeout(5_000)));
  const { url } = await startReceiver(t);
  const origins = [gatehouse.issuer];
  for (const window of WINDOWS) {
    await t.test(`${window.name}: a webhook from its first event to its last`, (t) =>
      visit(t, browser, { ...window, origins }, async (visitor) => {
        await arrives(gatehouse, visitor);
        await adds(t, visitor, url);
        await tries(visitor);
        await manages(t, visitor);
      }),
    );
  }
});

async function arrives(gatehouse: TestGatehouse, visitor: Visitor): Promise<void> {
  const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
  const { page } = visitor;
  await page.goto(`${gatehouse.issuer}/dashboard/organizations/${user.organizationId}/webhooks`);
  await signIn(visitor, user.email, user.password);
  await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
  await visitor.look('webhooks-none');
}

async function adds(t: Test, visitor: Visitor, url: string): Promise<void> {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Add a webhook' }).click();
  const field = page.getByLabel('URL', { exact: true });
  await field.waitFor();
  await visitor.look('webhook-new');
  await page.getByRole('radio', { name: 'Only some' }).check();
  await field.fill('ftp://receiver.example/');
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await page.getByRole('alert').waitFor();
  await visitor.look('webhook-wrong');
  t.equal(await field.inputValue(), 'ftp://receiver.example/', 'what was typed stays');
  await field.fill(url);
  await page.getByRole('checkbox', { name: 'workflow.created' }).check();
  await page.getByRole('checkbox', { name: 'quota.warning' }).check();
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await page.getByRole('heading', { name: 'Your webhook is ready' }).waitFor();
  t.match(await page.locator('#secret').textContent(), /^whsec_/);
  await visitor.look('webhook-secret');
  await page.getByLabel('I have saved the secret').check();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Nothing was sent yet').waitFor();
}

async function tries(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Send test' }).click();
  await page.getByText('A test event is on its way').waitFor();
  const taken = page.getByText('Taken with status 200');
  while ((await taken.count()) === 0) await page.reload();
  await page.getByText('How the answer began').click();
  await visitor.look('webhook-delivery');
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('on its way again').waitFor();
  await page.getByRole('link', { name: 'Webhook to' }).click();
  await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
  await visitor.look('webhook');
}

async function manages(t: Test, visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.getByLabel('The secret in use goes on signing').selectOption('For an hour');
  await page.getByRole('button', { name: 'Rotate secret' }).click();
  await page.getByRole('heading', { name: 'Your new secret' }).waitFor();
  await visitor.look('webhook-rotated');
  await page.getByLabel('I have saved the secret').check();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The webhook is paused').waitFor();
  await visitor.look('webhook-paused');
  await page.getByRole('link', { name: 'Edit' }).click();
  t.ok(await page.getByRole('checkbox', { name: 'quota.warning' }).isChecked());
  await page.getByRole('radio', { name: 'Every event' }).check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('The changes are saved').waitFor();
  await page.getByRole('link', { name: 'All webhooks' }).click();
  await page.getByRole('cell', { name: 'Every event' }).waitFor();
  await visitor.look('webhooks');
  await page.getByRole('table').getByRole('link').click();
  await page.getByRole('link', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: /^Delete the webhook/ }).waitFor();
  await visitor.look('webhook-delete');
  await page.getByRole('button', { name: 'Delete webhook' }).click();
  await page.getByText('The webhook is deleted').waitFor();
}
