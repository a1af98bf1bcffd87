import t, { type Test } from 'tap';
import {
  CHROMIUM,
  chromiumIsInstalled,
  createVisitor,
  openBrowser,
  sayThatNoBrowserRan,
  type VisitorOptions,
} from '../support/browser.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import {
  KAIE_STORIES,
  KLIQ_STORIES,
  KLOAKD_STORIES,
  type PlaygroundStory,
  readWithoutScripts,
} from './playground-stories.ts';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

const WINDOWS: VisitorOptions[] = [
  { name: 'playground-phone', viewport: PHONE, origins: [] },
  { name: 'playground-desktop', viewport: DESKTOP, origins: [] },
];

t.ok(chromiumIsInstalled || !process.env.CI, `${CHROMIUM} is there, or nobody promised it (CI)`);
if (chromiumIsInstalled) await inABrowser();
else sayThatNoBrowserRan();

async function inABrowser(): Promise<void> {
  const browser = await openBrowser(t);
  const platforms = { kaie: KAIE_STORIES, kliq: KLIQ_STORIES, kloakd: KLOAKD_STORIES };

  const play = async (
    t: Test,
    platform: string,
    stories: Readonly<Record<string, PlaygroundStory>>,
    window: VisitorOptions,
  ) => {
    const gatehouse = await startGatehouse(t, { platform });
    for (const [name, story] of Object.entries(stories)) {
      await t.test(name, async (t) => {
        const visitor = await createVisitor(browser, { ...window, origins: [gatehouse.issuer] });
        await story(t, { gatehouse, visitor });
        t.same(visitor.problems, [], 'nothing went wrong in the browser');
        await visitor.close();
      });
    }
  };

  for (const window of WINDOWS) {
    for (const [platform, stories] of Object.entries(platforms)) {
      await t.test(`${window.name}, ${platform}`, (t) => play(t, platform, stories, window));
    }
  }
  await t.test('without scripts', (t) =>
    play(t, 'kaie', readWithoutScripts, {
      ...{ name: 'playground-no-scripts', viewport: PHONE, javaScriptEnabled: false, origins: [] },
    }),
  );
}
