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

const WINDOWS: VisitorOptions[] = [
  { name: 'phone', viewport: PHONE, origins: [] },
  { name: 'desktop', viewport: DESKTOP, origins: [] },
  { name: 'no-scripts', viewport: PHONE, javaScriptEnabled: false, origins: [] },
];

t.ok(chromiumIsInstalled || !process.env.CI, `${CHROMIUM} is there, or nobody promised it (CI)`);
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

  for (const kind of WINDOWS) {
    await t.test(kind.name, async (t) => {
      for (const [name, story] of Object.entries(STORIES)) {
        await t.test(name, async (t) => {
          const visitor = await createVisitor(browser, { ...kind, origins });
          await story(t, { gatehouse, app, visitor, newClient });
          t.same(visitor.problems, [], 'nothing went wrong in the browser');
          await visitor.close();
        });
      }
    });
  }

  await t.test('by keyboard alone (WCAG 2.2 §2.1.1)', async (t) => {
    const visitor = await createVisitor(browser, { ...WINDOWS[1]!, name: 'keyboard', origins });
    await byKeyboard(t, { gatehouse, app, visitor, newClient });
    t.same(visitor.problems, []);
    await visitor.close();
  });
}
