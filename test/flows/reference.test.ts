import type { Page } from 'playwright-core';
import t from 'tap';
import { startGatehouse } from '../support/gatehouse.ts';
import { hasScripts, inABrowser, onDesktop, visit, WINDOWS } from './windows.ts';

/** What the address leads to: unfolded, and where the reader looks. */
const ARRIVED = `(() => {
  const target = document.querySelector(':target');
  const { top, bottom } = target.closest('details').querySelector('summary').getBoundingClientRect();
  return target.closest('details').open && top >= 0 && bottom <= innerHeight;
})()`;

const unfolded = (page: Page) => page.locator('main details[open]').count();

await inABrowser(t, async (browser) => {
  const { issuer } = await startGatehouse(t);
  for (const window of WINDOWS) {
    await t.test(window.name, (t) =>
      visit(t, browser, { ...window, origins: [issuer] }, async (visitor) => {
        const { page } = visitor;

        await t.test('everything is folded until an address names it', async (t) => {
          await page.goto(`${issuer}/reference`);
          t.equal(await unfolded(page), 0);
          for (const id of ['createApiKey', 'schema-Webhook', 'listUsage']) {
            await page.goto(`${issuer}/reference#${id}`);
            t.ok(await page.evaluate(ARRIVED), id);
          }
          await page.goto('about:blank');
          await page.goto(`${issuer}/reference#rotateWebhookSecret`);
          t.ok(await page.evaluate(ARRIVED), 'also when the page is opened there');
          t.equal(await unfolded(page), 1, 'and nothing else');
        });

        await t.test('the contents lead to an operation, whose parts lead on', async (t) => {
          await page.goto(`${issuer}/reference`);
          if (window !== onDesktop) await page.getByText('Contents', { exact: true }).click();
          const contents = page.getByRole('navigation', { name: 'On this page' });
          await contents.locator('summary', { hasText: 'Webhooks' }).click();
          await contents.getByRole('link', { name: 'Subscribe to events' }).click();
          t.match(page.url(), /#createWebhook$/);
          t.ok(await page.evaluate(ARRIVED));
          if (window !== onDesktop) {
            const menu = page.locator('.menu-body');
            t.equal(
              await menu.isVisible(),
              !hasScripts(window),
              'the menu makes way, with scripts',
            );
            if (!hasScripts(window)) await page.getByText('Contents', { exact: true }).click();
          }
          const operation = page.locator('details', { has: page.locator('#createWebhook') });
          await operation.getByRole('link', { name: 'WebhookWithSecret' }).click();
          t.ok(await page.evaluate(ARRIVED));
          await operation.getByRole('link', { name: /validation_failed/ }).click();
          t.ok(await page.locator('#problem-validation_failed').isVisible());
        });

        await t.test('what is unfolded is fit to read', async () => {
          for (const id of [
            'decide',
            'createServiceAccount',
            'schema-Client',
            'redeliverWebhook',
          ]) {
            await page.goto(`${issuer}/reference#${id}`);
          }
          await visitor.look('reference-unfolded');
        });
      }),
    );
  }
});
