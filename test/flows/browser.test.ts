import t from 'tap';
import {
  CHROMIUM,
  chromiumIsInstalled,
  createVisitor,
  openBrowser,
  sayThatNoBrowserRan,
  startApp,
  type VisitorOptions,
} from '../support/browser.ts';
import { registerClient, startGatehouse } from '../support/gatehouse.ts';
import { byKeyboard, STORIES } from './stories.ts';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

const VARIANTS: VisitorOptions[] = [
  { name: 'phone-light', viewport: PHONE, colorScheme: 'light', origins: [] },
  { name: 'phone-dark', viewport: PHONE, colorScheme: 'dark', origins: [] },
  { name: 'desktop-light', viewport: DESKTOP, colorScheme: 'light', origins: [] },
  { name: 'desktop-dark', viewport: DESKTOP, colorScheme: 'dark', origins: [] },
  { name: 'no-scripts', viewport: PHONE, javaScriptEnabled: false, origins: [] },
];

t.ok(chromiumIsInstalled || !process.env.CI, `with CI set, ${CHROMIUM} is there`);
if (chromiumIsInstalled) await inABrowser();
else sayThatNoBrowserRan();

async function inABrowser(): Promise<void> {
  const gatehouse = await startGatehouse(t);
  const app = await startApp(t);
  const browser = await openBrowser(t);
  const origins = [gatehouse.issuer, app.origin];
  const newClient = (name: string) =>
    registerClient(gatehouse, {
      name,
      redirectUris: [app.callback],
      postLogoutRedirectUris: [app.callback],
    });

  for (const variant of VARIANTS) {
    await t.test(variant.name, async (t) => {
      for (const [name, story] of Object.entries(STORIES)) {
        await t.test(name, async (t) => {
          const visitor = await createVisitor(browser, { ...variant, origins });
          await story(t, { gatehouse, app, visitor, newClient });
          t.same(visitor.problems, [], 'nothing went wrong in the browser');
          await visitor.close();
        });
      }
    });
  }

  await t.test('by keyboard alone (WCAG 2.2 §2.1.1)', async (t) => {
    const visitor = await createVisitor(browser, { ...VARIANTS[2]!, name: 'keyboard', origins });
    await byKeyboard(t, { gatehouse, app, visitor, newClient });
    t.same(visitor.problems, []);
    await visitor.close();
  });
}
