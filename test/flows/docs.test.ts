import t from 'tap';
import {
  CHROMIUM,
  chromiumIsInstalled,
  createVisitor,
  openBrowser,
  sayThatNoBrowserRan,
  type VisitorOptions,
} from '../support/browser.ts';
import { startGatehouse } from '../support/gatehouse.ts';

const WINDOWS: VisitorOptions[] = [
  { name: 'phone', viewport: { width: 390, height: 844 }, origins: [] },
  { name: 'desktop', viewport: { width: 1280, height: 800 }, origins: [] },
  {
    name: 'no-scripts',
    viewport: { width: 390, height: 844 },
    javaScriptEnabled: false,
    origins: [],
  },
];

t.ok(chromiumIsInstalled || !process.env.CI, `${CHROMIUM} is there, or nobody promised it (CI)`);
if (chromiumIsInstalled) await inABrowser();
else sayThatNoBrowserRan();

async function inABrowser(): Promise<void> {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const browser = await openBrowser(t);

  for (const kind of WINDOWS) {
    const scripts = kind.javaScriptEnabled !== false;
    await t.test(kind.name, async (t) => {
      const visitor = await createVisitor(browser, { ...kind, origins: [issuer] });
      const { page } = visitor;

      await t.test('finds the documentation, chooses a language and copies', async (t) => {
        await page.goto(issuer);
        await page.getByRole('link', { name: 'Authentication guide' }).click();
        await page.getByRole('heading', { name: 'Authentication', exact: true }).waitFor();
        await visitor.look('docs');
        const sample = (language: string) => page.locator(`#call-with-api-key-bearer-${language}`);
        t.ok(await sample('curl').isVisible());
        t.notOk(await sample('python').isVisible());
        const choice = page.locator('fieldset', { has: sample('curl') });
        await choice.getByRole('radio', { name: 'Python' }).check({ force: true });
        t.ok(await sample('python').isVisible(), 'the language that was chosen');
        t.notOk(await sample('curl').isVisible(), 'and no other');
        const copy = choice.getByRole('button', { name: 'Copy' });
        t.equal(await copy.count(), scripts ? 1 : 0, 'what would not work is not offered');
      });

      await t.test('goes to a section by the contents', async (t) => {
        if (kind.name !== 'desktop') await page.getByText('Contents', { exact: true }).click();
        const contents = page.getByRole('navigation', { name: 'On this page' });
        await contents.getByRole('link', { name: 'Error responses' }).click();
        t.match(page.url(), /#errors$/);
        await page.locator('#errors').waitFor();
        t.ok(await page.locator('#errors').isVisible());
      });

      await t.test('arrives in the reference from a problem, and opens an operation', async (t) => {
        const refused = await fetch(`${issuer}/manage/v1/organizations`);
        const { type } = (await refused.json()) as { type: string };
        await page.goto(type);
        t.ok(await page.locator('#problem-unauthenticated').isVisible());
        await page.locator('#createApiKey summary').click();
        await page
          .locator('#createApiKey')
          .getByRole('heading', { name: /Request body/ })
          .waitFor();
        // It is long, and the same in every window but for its frame.
        if (kind.name === 'phone') await visitor.look('reference');
      });

      t.same(visitor.problems, [], 'nothing went wrong in the browser, nor came from elsewhere');
      await visitor.close();
    });
  }
}
