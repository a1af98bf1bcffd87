import t, { type Test } from 'tap';
import { startGatehouse } from '../support/gatehouse.ts';
import { startApi } from './playground-api.ts';
import { KAIE_CALLS, KLEN_CALLS, KLOAKD_MISTAKES } from './playground-calls.ts';
import type { PlaygroundStory } from './playground-steps.ts';
import {
  KAIE_STORIES,
  KLIQ_STORIES,
  KLOAKD_STORIES,
  readWithoutScripts,
} from './playground-stories.ts';
import { TOKEN_STORIES } from './playground-tokens.ts';
import { inABrowser, onDesktop, onPhone, visit, type Window, withoutScripts } from './windows.ts';

type Stories = Readonly<Record<string, PlaygroundStory>>;

await inABrowser(t, async (browser) => {
  const platforms = {
    kaie: { ...KAIE_STORIES, ...TOKEN_STORIES },
    kliq: KLIQ_STORIES,
    kloakd: { ...KLOAKD_STORIES, ...KLOAKD_MISTAKES },
  };
  const proxied = { klen: KLEN_CALLS, kaie: KAIE_CALLS };

  const play = async (
    t: Test,
    { platform, isProxy = false }: { platform: string; isProxy?: boolean },
    stories: Stories,
    window: Window,
  ) => {
    const { url, received } = await startApi(t);
    const environment: Record<string, string> = isProxy ? { UPSTREAM: url } : {};
    const gatehouse = await startGatehouse(t, { platform, environment });
    const origins = [gatehouse.issuer];
    for (const [name, story] of Object.entries(stories)) {
      await t.test(name, (t) =>
        visit(t, browser, { ...window, name: `playground-${window.name}`, origins }, (visitor) =>
          story(t, { gatehouse, visitor, received }),
        ),
      );
    }
  };

  for (const window of [onPhone, onDesktop]) {
    for (const [platform, stories] of Object.entries(platforms)) {
      await t.test(`${window.name}, ${platform}`, (t) => play(t, { platform }, stories, window));
    }
    for (const [platform, stories] of Object.entries(proxied)) {
      await t.test(`${window.name}, ${platform} as a proxy`, (t) =>
        play(t, { platform, isProxy: true }, stories, window),
      );
    }
  }
  await t.test('without scripts', (t) =>
    play(t, { platform: 'kaie' }, readWithoutScripts, withoutScripts),
  );
});
