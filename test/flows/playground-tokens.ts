import type { Page } from 'playwright-core';
import { createUser, registerService } from '../support/gatehouse.ts';
import {
  authorize,
  open,
  type PlaygroundStage,
  type PlaygroundStory,
  press,
  step,
} from './playground-steps.ts';

/** A page with a client that may ask for tokens. */
async function openAsService(stage: PlaygroundStage): Promise<Page> {
  const { organizationId } = await createUser(stage.gatehouse);
  const service = await registerService(stage.gatehouse, { organizationId });
  const page = await open(stage, '?flow=client_credentials');
  await step(page, 'client').getByLabel('Client ID').fill(service.clientId);
  await step(page, 'client').getByLabel('Client secret').fill(service.secret);
  return page;
}

type Part = Record<string, unknown>;

/** Somebody between the server and the page, who writes into the tokens. */
const changeTokens = (page: Page, change: (header: Part, claims: Part) => void) =>
  page.route('**/oauth/token', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    const [header, claims, signature] = json.access_token.split('.');
    const parts = [header, claims].map((part) =>
      JSON.parse(Buffer.from(part, 'base64url').toString()),
    );
    change(parts[0], parts[1]);
    const changed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    json.access_token = [...changed, signature].join('.');
    await route.fulfill({ response, json });
  });

export const TOKEN_STORIES: Readonly<Record<string, PlaygroundStory>> = {
  'a token that was changed on its way, and one of somebody else’s key, are found out': async (
    t,
    stage,
  ) => {
    const page = await openAsService(stage);
    const findings = page.locator('#step-inspect .token-found');
    const changes = {
      'The signature is wrong: this token was changed.': (_: Part, claims: Part) => {
        claims.scope = 'workflows:delete';
      },
      'Signed by a key that the server does not publish.': (header: Part) => {
        header.kid = 'somebody-elses';
      },
    };
    for (const [words, change] of Object.entries(changes)) {
      await changeTokens(page, change);
      await press(step(page, 'client'), 'Get a token');
      await findings.filter({ hasText: words }).waitFor();
      t.same(await findings.allTextContents(), [words]);
      t.match(await findings.first().getAttribute('class'), /\bbad\b/);
      await page.unroute('**/oauth/token');
    }
    await stage.visitor.look('token-changed');
    await press(step(page, 'client'), 'Get a token');
    await findings.filter({ hasText: 'The signature is good.' }).waitFor();
  },

  'an ID token of another attempt is found out by its nonce': async (_t, stage) => {
    const { gatehouse, visitor } = stage;
    const page = await open(stage);
    await page.route('**/oauth/authorize?*', (route) =>
      route.continue({
        url: route
          .request()
          .url()
          .replace(/nonce=[\w-]+/, 'nonce=of-another'),
      }),
    );
    await authorize(page, visitor, await createUser(gatehouse));
    await press(step(page, 'redeem'), 'Exchange the code');
    const inspect = step(page, 'inspect');
    await inspect.getByText('The nonce is not the one that was sent').waitFor();
    await inspect.getByText('The signature is good.').nth(1).waitFor();
  },

  'the time that a token has left runs, and runs out': async (t, stage) => {
    const { page } = stage.visitor;
    await page.clock.install();
    await openAsService(stage);
    await press(step(page, 'client'), 'Get a token');
    const timer = page.getByRole('timer');
    const first = (await timer.textContent()) ?? '';
    t.match(first, /^Expires in (?:59:\d\d|1:00:00)$/);
    await timer.filter({ hasNotText: first }).waitFor();
    t.match(await timer.textContent(), /^Expires in 59:\d\d$/, 'by itself');
    await page.clock.fastForward('59:00');
    await timer.filter({ hasText: /^Expires in 00:\d\d$/ }).waitFor();
    t.notMatch(await timer.getAttribute('class'), /badge-bad/);
    await page.clock.fastForward('01:00');
    await timer.filter({ hasText: /^Expired$/ }).waitFor();
    t.match(await timer.getAttribute('class'), /badge-bad/);
    await stage.visitor.look('token-expired');
  },
};
