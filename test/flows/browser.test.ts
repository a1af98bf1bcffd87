import t from 'tap';
import { startApp } from '../support/browser.ts';
import { registerClient, startGatehouse } from '../support/gatehouse.ts';
import { byKeyboard, STORIES } from './stories.ts';
import { inTheWholeBrowser, onDesktop, visit, WINDOWS } from './windows.ts';

await inTheWholeBrowser(t, async (browser) => {
  const gatehouse = await startGatehouse(t);
  const app = await startApp(t);
  const origins = [gatehouse.issuer, app.origin];
  const newClient = (name: string) =>
    registerClient(gatehouse, {
      name,
      redirectUris: [app.callback],
      postLogoutRedirectUris: [app.callback],
    });

  for (const window of WINDOWS) {
    await t.test(window.name, async (t) => {
      for (const [name, story] of Object.entries(STORIES)) {
        await t.test(name, (t) =>
          visit(t, browser, { ...window, origins }, (visitor) =>
            story(t, { gatehouse, app, visitor, newClient }),
          ),
        );
      }
    });
  }

  await t.test('by keyboard alone (WCAG 2.2 §2.1.1)', (t) =>
    visit(t, browser, { ...onDesktop, name: 'keyboard', origins }, (visitor) =>
      byKeyboard(t, { gatehouse, app, visitor, newClient }),
    ),
  );
});
