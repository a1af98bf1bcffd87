import t, { type Test } from 'tap';
import { startGatehouse } from '../support/gatehouse.ts';
import {
  KAIE_STORIES,
  KLIQ_STORIES,
  KLOAKD_STORIES,
  type PlaygroundStory,
  readWithoutScripts,
} from './playground-stories.ts';
import { inABrowser, onDesktop, onPhone, visit, type Window, withoutScripts } from './windows.ts';

type Stories = Readonly<Record<string, PlaygroundStory>>;

await inABrowser(t, async (browser) => {
  const platforms = { kaie: KAIE_STORIES, kliq: KLIQ_STORIES, kloakd: KLOAKD_STORIES };

  const play = async (t: Test, platform: string, stories: Stories, window: Window) => {
    const gatehouse = await startGatehouse(t, { platform });
    const origins = [gatehouse.issuer];
    for (const [name, story] of Object.entries(stories)) {
      await t.test(name, (t) =>
        visit(t, browser, { ...window, name: `playground-${window.name}`, origins }, (visitor) =>
          story(t, { gatehouse, visitor }),
        ),
      );
    }
  };

  for (const window of [onPhone, onDesktop]) {
    for (const [platform, stories] of Object.entries(platforms)) {
      await t.test(`${window.name}, ${platform}`, (t) => play(t, platform, stories, window));
    }
  }
  await t.test('without scripts', (t) => play(t, 'kaie', readWithoutScripts, withoutScripts));
});
