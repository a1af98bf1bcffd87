import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { startApp } from '../support/browser.ts';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { inABrowser, onDesktop, onPhone, visit } from './windows.ts';

const kaie = await loadPlatform('kaie');
/** One of its scopes has not been translated yet. */
const platform = {
  ...kaie,
  scopes: kaie.scopes.map(({ translations, ...scope }) =>
    scope.name === 'analytics:read' || !translations ? scope : { ...scope, translations },
  ),
};
const scope = 'openid workflows:read workflows:write workflows:delete analytics:read';

await inABrowser(t, async (browser) => {
  const gatehouse = await startGatehouse(t, { platform });
  const { issuer } = gatehouse;
  const app = await startApp(t);
  const registered = { name: 'Meeting Minutes', redirectUris: [app.callback] };
  const client = await registerClient(gatehouse, registered);
  const origins = [issuer, app.origin];
  for (const window of [onPhone, onDesktop]) {
    const german = { ...window, name: `german-${window.name}`, origins, locale: 'de-AT' };
    await t.test(
      `whoever reads German consents to permissions in German, at a ${window.name}`,
      (t) =>
        visit(t, browser, german, async ({ page, look }) => {
          const user = await createUser(gatehouse, { organizationName: 'Rechenmaschinen GmbH' });
          await page.goto(authorizeUrl(gatehouse, client, newPkce(), { scope }));
          await page.getByLabel('E-Mail-Adresse').fill(user.email);
          await page.getByLabel('Passwort', { exact: true }).fill(user.password);
          await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
          await page.getByLabel('Ihre Workflows ansehen').waitFor();
          await look('consent');
          const form = page.locator('.asks');
          const texts = await form.locator('.row-title').allInnerTexts();
          t.same(texts.slice(-5, -1), [
            ...['Ihre Workflows ansehen', 'See analytics'],
            ...['Workflows anlegen und ändern', 'Workflows löschen'],
          ]);
          t.same(
            await form
              .locator('[lang]')
              .evaluateAll((all) =>
                all.map((each) => [Reflect.get(each, 'lang'), Reflect.get(each, 'textContent')]),
              ),
            [
              ['en', 'See analytics'],
              ['en', 'View how often workflows run and how they end.'],
            ],
            'what is not translated says that it is English (WCAG 2.2 §3.1.2)',
          );
          await page.getByRole('button', { name: 'Erlauben' }).click();
          await page.waitForURL(`${app.callback}**`);
          await page.goto(`${issuer}/dashboard/connected-apps`);
          await page.getByText('Workflows anlegen und ändern').waitFor();
          t.equal(await page.locator('.may [lang="en"]').innerText(), 'See analytics');
          await look('connected-apps');
          const keys = `${issuer}/dashboard/organizations/${user.organizationId}/keys`;
          await page.goto(`${keys}/new`);
          await page.getByLabel('Lesen und schreiben').waitFor();
          await page.locator('.pick-own').check();
          const about = page.locator('legend', { hasText: 'workflows' }).locator('.row-about');
          t.equal(
            await about.innerText(),
            'Ihre Workflows ansehen · Workflows anlegen und ändern · Workflows löschen',
          );
          await look('key-form');
        }),
    );
  }

  await t.test(
    'an app that asks for another language gets it (OpenID Connect Core §3.1.2.1)',
    (t) =>
      visit(t, browser, { name: 'asked', origins: [issuer], locale: 'en' }, async ({ page }) => {
        const user = await createUser(gatehouse);
        const asked = { scope: 'workflows:read', ui_locales: 'fr de' };
        await page.goto(authorizeUrl(gatehouse, client, newPkce(), asked));
        await page.getByLabel('E-Mail-Adresse').fill(user.email);
        await page.getByLabel('Passwort', { exact: true }).fill(user.password);
        await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
        await page.getByText('Workflows, ihre Schritte und ihre Läufe ansehen.').waitFor();
      }),
  );
});
