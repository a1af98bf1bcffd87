import type { RunOptions } from 'axe-core';
import fastify from 'fastify';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { demoRoutes } from '../../src/demo/demo.routes.ts';
import { useBrowserDoor } from '../../src/doors/browser.ts';
import { assetRoutes } from '../../src/pages/assets.routes.ts';
import { brandOf } from '../../src/pages/brand.ts';
import { createPages } from '../../src/pages/render.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import { newSigner } from '../credentials/signer.ts';
import { findViolationsByLook } from '../support/axe.ts';
import type { Visitor } from '../support/browser.ts';
import {
  createMember,
  createUser,
  freePort,
  registerClient,
  startGatehouse,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { DESKTOP, inABrowser, visit } from './windows.ts';

/** The smallest phones are this narrow. */
const PHONE = { width: 360, height: 740 };

const SCROLLS_SIDEWAYS = 'document.documentElement.scrollWidth > innerWidth';

const SYSTEM = { actor: { kind: 'system' } } as const;
const EVERYTHING = { organizationId: null, scopes: 'all' } as const;
const ACCESS = {
  ...{ email: 'demo@example.com', password: '', organizationId: '' },
  ...{ appClientId: '01a20206-9083-72ec-87e8-5d0eb9883f68', codeVerifier: 'v'.repeat(43) },
  ...{ serviceClientId: '', serviceClientSecret: '' },
};
const VIEWS = new URL('../../views', import.meta.url).pathname;

/** One browser, and each page loaded once: what differs is the frame that it is looked at in. */
await inABrowser(t, async (browser) => {
  const german = { name: 'german', locale: 'de-AT' };
  await t.test('the desk in German, at a phone and at a desk', async (t) => {
    const gatehouse = await startGatehouse(t, { platform: 'kaie' });
    const options = { ...german, origins: [gatehouse.issuer] };
    await visit(t, browser, options, (visitor) => readsTheDesk(t, gatehouse, visitor));
    await visit(t, browser, options, (visitor) => belongsNowhere(t, gatehouse, visitor));
  });

  for (const platform of ['kaie', 'klen', 'kliq', 'kloakd']) {
    await t.test(`the documentation of ${platform}, at a phone and at a desk`, async (t) => {
      const { issuer } = await startGatehouse(t, { platform });
      await visit(t, browser, { name: platform, origins: [issuer] }, async (visitor) => {
        await skim(t, visitor, `${issuer}/docs/authentication`);
      });
    });
  }

  await t.test('the reference, at a desk', async (t) => {
    const { issuer } = await startGatehouse(t);
    await visit(t, browser, { name: 'desktop', origins: [issuer], viewport: DESKTOP }, ({ page }) =>
      readsTheReference(t, page, `${issuer}/reference`),
    );
  });

  await t.test('where the demo’s round trip ends, at a phone and at a desk', async (t) => {
    const issuer = await startDemo(t);
    await visit(t, browser, { name: 'demo', origins: [issuer] }, async (visitor) => {
      await look(t, visitor, `${issuer}/demo/callback?code=${'c'.repeat(43)}`);
      const refusal = 'error=access_denied&error_description=the+end+user+did+not+allow+it';
      await look(t, visitor, `${issuer}/demo/callback?${refusal}`);
    });
  });
});

/** Opens a page, and looks at it in each of the windows. */
async function look(
  t: Test,
  visitor: Visitor,
  url: string,
  windows: readonly { width: number; height: number }[] = [PHONE, DESKTOP],
  status = 200,
): Promise<void> {
  const { page } = visitor;
  const answer = await page.goto(url);
  t.equal(answer?.status(), status, url);
  const name = new URL(url).pathname.slice(1).replaceAll(/[\w-]{36,}|\W+/g, '-');
  for (const window of windows) {
    await page.setViewportSize(window);
    await visitor.look(`${name}-${window.width}`);
  }
}

/** A long page: on the phone every text is judged, at the desk each look. */
async function skim(t: Test, visitor: Visitor, url: string): Promise<void> {
  await look(t, visitor, url, [PHONE]);
  await visitor.page.setViewportSize(DESKTOP);
  await judgeAtTheDesk(t, visitor.page, url);
}

/** Its texts are judged one by one on the phone of docs.test.ts. */
async function readsTheReference(t: Test, page: Page, url: string): Promise<void> {
  await page.goto(url);
  await judgeAtTheDesk(t, page, url);
}

/** By day all rules, and by night, as only the colours differ, contrast. */
async function judgeAtTheDesk(t: Test, page: Page, url: string): Promise<void> {
  for (const [colorScheme, options] of [
    ['light', {}],
    ['dark', { runOnly: ['color-contrast'] }],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    const { looks, violations } = await findViolationsByLook(page, options as RunOptions);
    t.ok(looks > 20, `${looks} looks, ${colorScheme}`);
    t.same(violations, [], `${url} at a desk, ${colorScheme}`);
  }
  t.equal(await page.evaluate(SCROLLS_SIDEWAYS), false, url);
}

async function readsTheDesk(t: Test, gatehouse: TestGatehouse, visitor: Visitor): Promise<void> {
  const { issuer } = gatehouse;
  const user = await createUser(gatehouse, { organizationName: 'Rechenmaschinen GmbH' });
  await gatehouse.identity.changeUser(user.id, { platformRole: 'operator' }, SYSTEM);
  const { invitation, webhook, delivery, account } = await furnish(gatehouse, user);
  await look(t, visitor, `${issuer}/invitations/${invitation}`);
  await look(t, visitor, `${issuer}/invitations/${'x'.repeat(43)}`, undefined, 404);
  await enter(gatehouse, visitor, user);
  t.equal(await visitor.page.evaluate('document.documentElement.lang'), 'de');
  await look(t, visitor, `${issuer}/invitations/${invitation}`);
  const organization = `${issuer}/dashboard/organizations/${user.organizationId}`;
  for (const path of [
    ...['', '/webhooks', '/webhooks/new', `/webhooks/${webhook}`, `/webhooks/${webhook}/edit`],
    ...[`/webhooks/${webhook}/deliveries/${delivery}`, `/webhooks/${webhook}/delete`],
    ...['/service-accounts', '/service-accounts/new', `/service-accounts/${account}`],
    ...['/members', '/members/invite'],
  ]) {
    await look(t, visitor, organization + path);
  }
  await look(t, visitor, `${issuer}/dashboard/organizations/new`);
  const { clientId } = await registerClient(gatehouse, { organizationId: user.organizationId });
  const throttle = await refuseSomebody(gatehouse);
  const ofOperator = [
    ...['', '/plans', '?plan=nirgends', '/clients', `/clients/${clientId}`, '/signing-keys'],
    ...['/signing-keys/rotate', '/throttles', `/throttles/${throttle}`],
  ];
  for (const path of [...ofOperator, `/organizations/${user.organizationId}`]) {
    await look(t, visitor, `${issuer}/dashboard/operator${path}`);
  }
}

/** Somebody who has to wait, as the operator finds them. */
async function refuseSomebody({ identity, database: { pool } }: TestGatehouse): Promise<string> {
  const attempt = { email: 'lange.adresse@rechenmaschinen.example', password: 'falsch' };
  for (let count = 0; count < 12; count += 1) {
    await identity.signIn({ ...attempt, address: '2001:db8:1234:5678::1' });
  }
  const { rows } = await pool.query<{ id: string }>(
    'SELECT refusal_id AS id FROM sign_in_attempts WHERE refusal_id IS NOT NULL',
  );
  return rows[0]!.id;
}

async function belongsNowhere(t: Test, gatehouse: TestGatehouse, visitor: Visitor): Promise<void> {
  const { organizationId } = await createUser(gatehouse);
  const user = await createMember(gatehouse, organizationId);
  await gatehouse.identity.memberships.remove(user.id, organizationId, SYSTEM);
  await enter(gatehouse, visitor, user);
  await look(t, visitor, `${gatehouse.issuer}/dashboard`);
  await visitor.page.getByRole('link', { name: 'Organisation anlegen' }).waitFor();
}

/** What the pages are to show. */
async function furnish(gatehouse: TestGatehouse, { organizationId }: TestUser) {
  const { credentials, invitations, platform, webhooks } = gatehouse;
  const email = 'vorname.nachname@rechenmaschinen.example';
  const invited = await invitations.invite({ organizationId, email, role: 'admin' }, SYSTEM);
  const hook = await webhooks.subscriptions.create(
    { organizationId, url: 'https://hooks.example.com/in/ein-langer-pfad', events: ['*'] },
    ...([EVERYTHING, SYSTEM] as const),
  );
  const { publicJwk } = await newSigner();
  const scopes = platform.scopes.map(({ name }) => name);
  const account = await credentials.serviceAccounts.create(
    { organizationId, name: 'Nightly export', scopes, keys: [{ ...publicJwk }] },
    ...([EVERYTHING, SYSTEM] as const),
  );
  if (invited.outcome !== 'invited' || hook.outcome !== 'done' || account.outcome !== 'done') {
    throw new Error(JSON.stringify([invited, hook, account]));
  }
  const sent = await webhooks.subscriptions.test(hook.subscription);
  if (sent.outcome !== 'done') throw new Error(sent.outcome);
  return {
    invitation: invited.token,
    webhook: hook.subscription.id,
    delivery: sent.delivery.id,
    account: account.account.id,
  };
}

async function enter({ issuer }: TestGatehouse, { page }: Visitor, user: TestUser): Promise<void> {
  await page.goto(`${issuer}/sign-in`);
  await page.getByLabel('E-Mail-Adresse').fill(user.email);
  await page.getByLabel('Passwort', { exact: true }).fill(user.password);
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await page.getByRole('button', { name: 'Abmelden' }).first().waitFor();
}

/** Only a process has a demo; its page is one of the browser door's, which stands here by itself. */
async function startDemo(t: Test): Promise<string> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const platform = await loadPlatform('example');
  const brand = brandOf(platform);
  const pages = createPages({ platform: brand, viewsDir: VIEWS });
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(assetRoutes, { viewsDir: VIEWS, brand });
  await app.register(async (door) => {
    await useBrowserDoor(door, { pages, issuer });
    await door.register(demoRoutes, { pages, platform, issuer, access: () => ACCESS });
  });
  await app.listen({ host: '127.0.0.1', port });
  return issuer;
}
