import t from 'tap';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { inABrowser, visit } from './windows.ts';

/** German words are long, and the smallest phones are this narrow. */
const PHONE = { width: 360, height: 740 };

const OF_ORGANIZATION = ['keys', 'keys/new', 'apps', 'apps/new', 'usage'];
const MORE_OF_ORGANIZATION = ['members', 'members/invite', 'plan', 'audit', 'settings'];
const OF_PERSON = ['connected-apps', 'security'];

await inABrowser(t, async (browser) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const client = await registerClient(gatehouse, { name: 'Meeting Minutes' });
  const german = { name: 'german-phone', origins: [issuer], viewport: PHONE, locale: 'de-AT' };
  await t.test('a German browser reads German, and no word is too long for a phone', (t) =>
    visit(t, browser, german, async ({ page, look }) => {
      const user = await createUser(gatehouse, { organizationName: 'Rechenmaschinen GmbH' });
      await page.goto(authorizeUrl(gatehouse, client, newPkce(), { scope: 'openid notes:write' }));
      await look('sign-in');
      await page.getByLabel('E-Mail-Adresse').fill(user.email);
      await page.getByLabel('Passwort', { exact: true }).fill(user.password);
      await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
      await page.getByRole('button', { name: 'Ablehnen' }).waitFor();
      await look('consent');
      await page.goto(`${issuer}/dashboard`);
      await look('dashboard');
      await page.getByText('Menü', { exact: true }).click();
      await look('menu');
      const organization = `${issuer}/dashboard/organizations/${user.organizationId}`;
      for (const url of [
        ...[...OF_ORGANIZATION, ...MORE_OF_ORGANIZATION].map((name) => `${organization}/${name}`),
        ...OF_PERSON.map((name) => `${issuer}/dashboard/${name}`),
      ]) {
        const answer = await page.goto(url);
        t.equal(answer?.status(), 200, url);
        t.equal(await page.evaluate('document.documentElement.lang'), 'de', url);
        await look(
          url
            .replace(`${organization}/`, '')
            .replace(/.*dashboard\//, '')
            .replace('/', '-'),
        );
      }
    }),
  );
});
