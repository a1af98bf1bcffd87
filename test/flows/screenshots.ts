/**
 * Takes the README's pictures anew, of a real server with the example platform:
 *
 *   node test/flows/screenshots.ts && pngquant --force --ext .png --strip 128 docs/screenshots/*.png
 *
 * (apt-get install chromium pngquant)
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { signIn } from './person.ts';

const DIRECTORY = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const SYSTEM = { actor: { kind: 'system' } } as const;
/** Of what a window shows at a glance; the pages are as long as they are. */
const WINDOWS = {
  'desktop-light': { viewport: { width: 1120, height: 720 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
} as const;

/** The README shows them smaller than they are. */
const SCALE = 1.75;

const steps: (() => Promise<unknown>)[] = [];
try {
  const browser = await openBrowser({ teardown: (step) => steps.push(step) });
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
    const take = (of: string) =>
      page.screenshot({ path: `${DIRECTORY}${of}-${name}.png`, fullPage: true, caret: 'hide' });
    await page.goto(stage.url());
    if (name === 'desktop-light') await take('sign-in');
    await signIn({ page }, stage.user.email, stage.user.password);
    await page.getByRole('heading', { name: 'Meeting Minutes wants access' }).waitFor();
    // No button has the ring of the keyboard's focus.
    await page.evaluate('document.activeElement.blur()');
    await take('consent');
    await context.close();
  }
}

/** An app with a maker, and somebody who belongs to two organizations. */
async function setStage() {
  const gatehouse = await startGatehouse({ teardown: (step) => steps.push(step) });
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
  const scope = 'openid profile notes:read notes:write';
  return { user, url: () => authorizeUrl(gatehouse, client, newPkce(), { scope }) };
}
