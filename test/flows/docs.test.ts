import t, { type Test } from 'tap';
import { startGatehouse } from '../support/gatehouse.ts';
import { hasScripts, inABrowser, onDesktop, onPhone, visit, WINDOWS } from './windows.ts';

await inABrowser(t, async (browser) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;

  for (const window of WINDOWS) {
    const read = (t: Test) =>
      visit(t, browser, { ...window, origins: [issuer] }, async (visitor) => {
        const { page } = visitor;

        await t.test('finds the documentation, chooses a language and copies', async (t) => {
          await page.goto(issuer);
          await page.getByRole('link', { name: 'Authentication guide' }).click();
          await page.getByRole('heading', { name: 'Authentication', exact: true }).waitFor();
          await visitor.look('docs');
          const sample = (language: string) =>
            page.locator(`#call-with-api-key-bearer-${language}`);
          t.ok(await sample('curl').isVisible());
          t.notOk(await sample('python').isVisible());
          const choice = page.locator('fieldset', { has: sample('curl') });
          await choice.getByRole('radio', { name: 'Python' }).check({ force: true });
          t.ok(await sample('python').isVisible(), 'the language that was chosen');
          t.notOk(await sample('curl').isVisible(), 'and no other');
          const copy = choice.getByRole('button', { name: 'Copy' });
          t.equal(
            await copy.count(),
            hasScripts(window) ? 1 : 0,
            'what would not work is not offered',
          );
        });

        await t.test('goes to a section by the contents', async (t) => {
          if (window !== onDesktop) await page.getByText('Contents', { exact: true }).click();
          const contents = page.getByRole('navigation', { name: 'On this page' });
          await contents.getByRole('link', { name: 'Error responses' }).click();
          t.match(page.url(), /#errors$/);
          await page.locator('#errors').waitFor();
          t.ok(await page.locator('#errors').isVisible());
        });

        await t.test(
          'arrives in the reference from a problem, and opens an operation',
          async (t) => {
            const refused = await fetch(`${issuer}/manage/v1/organizations`);
            const { type } = (await refused.json()) as { type: string };
            await page.goto(type);
            t.ok(await page.locator('#problem-unauthenticated').isVisible());
            const operation = page.locator('details', { has: page.locator('#createApiKey') });
            await operation.locator('summary').click();
            await operation.getByRole('heading', { name: /Request body/ }).waitFor();
            // It is long, and the same in every window but for its frame.
            if (window === onPhone) await visitor.look('reference');
          },
        );
      });
    await t.test(window.name, read);
  }
});
