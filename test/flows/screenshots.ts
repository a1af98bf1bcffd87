/**
 * Takes the README's pictures anew, of a real server with the example platform:
 *
 *   node test/flows/screenshots.ts && pngquant --force --ext .png --strip 64 docs/screenshots/*.png
 *
 * (apt-get install chromium pngquant). The letters are those of the system's sans-serif: Inter
 * (apt-get install fonts-inter, and an alias in fontconfig) looks more like people's own than DejaVu.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { OPERATOR } from '../../src/credentials/maker.ts';
import { LIGHTEST, openBrowser } from '../support/browser.ts';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { decide } from '../usage/house.ts';
import { signIn } from './person.ts';

const DIRECTORY = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const SYSTEM = { actor: { kind: 'system' } } as const;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Of what a window shows at a glance; the pages are as long as they are. */
const WINDOWS = {
  'desktop-light': { viewport: { width: 1200, height: 760 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
} as const;

/** The README shows them smaller than they are. */
const SCALE = 1.75;

type Stage = Awaited<ReturnType<typeof setStage>>;
type Take = (of: string, whole?: boolean) => Promise<unknown>;

const steps: (() => Promise<unknown>)[] = [];
try {
  const browser = await openBrowser({ teardown: (step) => steps.push(step) }, LIGHTEST);
  await takePictures(browser);
} finally {
  for (const step of steps.reverse()) await step();
}

async function takePictures(browser: Browser): Promise<void> {
  const stage = await setStage();
  mkdirSync(DIRECTORY, { recursive: true });
  for (const [name, window] of Object.entries(WINDOWS)) {
    const context = await browser.newContext({ ...window, deviceScaleFactor: SCALE });
    const page = await context.newPage();
    const take: Take = async (of, fullPage = true) => {
      // No button has the ring of the keyboard's focus.
      if (of !== 'sign-in') await page.evaluate('document.activeElement.blur()');
      await page.screenshot({ path: `${DIRECTORY}${of}-${name}.png`, fullPage, caret: 'hide' });
    };
    const isDesktop = name === 'desktop-light';
    await page.goto(stage.url());
    if (isDesktop) await take('sign-in');
    await signIn({ page }, stage.user.email, stage.user.password);
    await page.getByRole('heading', { name: 'Meeting Minutes wants access' }).waitFor();
    await take('consent');
    if (isDesktop) await takeDashboard(page, stage, take);
    else await takeToken(page, stage, take);
    await context.close();
  }
}

async function takeDashboard(page: Page, { gatehouse }: Stage, take: Take): Promise<void> {
  await page.goto(`${gatehouse.issuer}/dashboard`);
  for (const [section, name] of Object.entries({ keys: 'API keys', usage: 'Usage' })) {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await take(section, false);
  }
}

/** A token of the code flow, taken apart. */
async function takeToken(page: Page, { gatehouse }: Stage, take: Take): Promise<void> {
  await page.goto(`${gatehouse.issuer}/playground`);
  await page.getByRole('button', { name: 'Sign in and consent' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByRole('button', { name: 'Exchange the code' }).click();
  await page.getByText('The signature is good.').first().waitFor();
  await page.evaluate("document.querySelector('#step-inspect').scrollIntoView()");
  await take('playground', false);
}

/** An app with a maker, and somebody who belongs to two organizations and calls with keys. */
async function setStage() {
  const clock = { behind: 0, now: () => new Date(Date.now() - clock.behind) };
  const gatehouse = await startGatehouse({ teardown: (step) => steps.push(step) }, { clock });
  const { identity } = gatehouse;
  const user = await createUser(gatehouse, {
    ...{ name: 'Grace Okafor', email: 'grace@harbour.example' },
    organizationName: 'Harbour Studio',
  });
  const [team, maker] = await Promise.all(
    ['Riverside Choir', 'Minutes Labs'].map((name) =>
      identity.organizations.create({ name }, SYSTEM),
    ),
  );
  const membership = { userId: user.id, organizationId: team!.id, role: 'member' } as const;
  await identity.memberships.add(membership, SYSTEM);
  const client = await registerClient(gatehouse, {
    ...{ name: 'Meeting Minutes', organizationId: maker!.id },
    redirectUris: ['https://app.minutes.example/connected'],
    clientUri: 'https://minutes.example/',
    tosUri: 'https://minutes.example/terms',
    policyUri: 'https://minutes.example/privacy',
  });
  await useKeys(gatehouse, clock, user);
  const scope = 'openid profile notes:read notes:write';
  return { gatehouse, user, url: () => authorizeUrl(gatehouse, client, newPkce(), { scope }) };
}

/** A handful of keys, and a day of calls. */
async function useKeys(
  gatehouse: TestGatehouse,
  clock: { behind: number },
  { id, organizationId }: { id: string; organizationId: string },
): Promise<void> {
  const { apiKeys, lastUses } = gatehouse.credentials;
  const audit = { actor: { kind: 'user', id } } as const;
  const expiresAt = new Date(Date.now() + 90 * DAY);
  for (const { made, used, ...key } of [
    { made: 210, used: 0, name: 'Nightly export', permissionSet: 'read_only' },
    { made: 64, used: 0, name: 'Web editor', permissionSet: 'full_access' },
    { made: 12, used: 9, name: 'Old wiki', scopes: ['notes:read', 'notes:write'], expiresAt },
    { made: 3, used: 1, name: 'Try-out', environment: 'test', permissionSet: 'full_access' },
  ]) {
    clock.behind = made * DAY;
    const created = await apiKeys.create({ ...key, organizationId }, OPERATOR, audit);
    if (created.outcome !== 'done') throw new Error(created.outcome);
    clock.behind = used * DAY;
    await askGate(gatehouse, created.secret);
  }
  await lastUses.flush();
  for (let hour = 23; hour >= 0; hour -= 1) {
    clock.behind = hour * HOUR;
    // Busiest at one time of the day, a little uneven; what is too much in a minute is refused.
    const times = Math.round(90 + 70 * Math.sin((23 - hour) / 3.5) + ((hour * 37) % 23));
    const call = { organization: organizationId };
    decide(gatehouse.usage, { ...call, times });
    decide(gatehouse.usage, {
      ...call,
      denied: 'rate_limited',
      times: times > 120 ? times % 29 : 0,
    });
  }
}

async function askGate({ issuer, adminKey }: TestGatehouse, key: string): Promise<void> {
  const response = await fetch(`${issuer}/gate/decision`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ method: 'GET', path: '/v1/notes/all', headers: { authorization: `Bearer ${key}` } },
    }),
  });
  const { allowed, reason } = (await response.json()) as { allowed?: boolean; reason?: string };
  if (!allowed) throw new Error(reason ?? `${response.status}`);
}
