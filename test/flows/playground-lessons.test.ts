import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { createUser, registerService, startGatehouse } from '../support/gatehouse.ts';
import { signIn } from './person.ts';
import { newServiceJwt, open, type PlaygroundStage, press, step } from './playground-steps.ts';
import { inABrowser, onDesktop, visit } from './windows.ts';

// Every mistake that a flow offers to make, on every platform: the stories tell of what follows from one, here
// it is that none is left out, and that each is refused as it should be.

const PLATFORMS = ['kliq', 'kaie', 'klen', 'kloakd', 'example'];

/** What a mistake is answered with; about a call, what the gate says that the caller would get. */
const STATUSES: Readonly<Record<string, number>> = {
  ...{ wrong_verifier: 400, replayed_code: 400, widened_scope: 400, replayed_refresh: 400 },
  ...{ wrong_secret: 401, unknown_scope: 400, introspect_public: 401, wrong_password: 401 },
  ...{ expired_token: 401, expired_jwt: 401, replayed_jwt: 400 },
};

type Tell = (
  t: Test,
  stage: PlaygroundStage,
  user: { email: string; password: string },
) => Promise<void>;

const FLOWS: Readonly<Record<string, Tell>> = {
  async code(t, stage, user) {
    await makeCodeMistakes(t, stage, user);
    const { page } = stage.visitor;
    await mistake(t, page, 'check', 'introspect_public');
    await mistake(t, page, 'redeem', 'replayed_code');
    await noneIsLeft(t, page, 'code');
  },
  async refresh(t, stage, user) {
    await makeCodeMistakes(t, stage, user, '?flow=refresh');
    const { page } = stage.visitor;
    await mistake(t, page, 'redeem', 'replayed_code');
    await noneIsLeft(t, page, 'refresh');
  },
  async client_credentials(t, stage) {
    const { organizationId } = await createUser(stage.gatehouse);
    const service = await registerService(stage.gatehouse, { organizationId });
    const page = await open(stage, '?flow=client_credentials');
    await step(page, 'client').getByLabel('Client ID').fill(service.clientId);
    await step(page, 'client').getByLabel('Client secret').fill(service.secret);
    await mistake(t, page, 'client', 'wrong_secret');
    await mistake(t, page, 'client', 'unknown_scope');
    await press(step(page, 'client'), 'Get a token');
    await mistake(t, page, 'ask', 'expired_token');
    await noneIsLeft(t, page, 'client credentials');
  },
  async user_tokens(t, stage, user) {
    const page = await open(stage, '?flow=user_tokens');
    await step(page, 'sign_in').getByLabel('Email').fill(user.email);
    await step(page, 'sign_in').getByLabel('Password').fill(user.password);
    await mistake(t, page, 'sign_in', 'wrong_password');
    await press(step(page, 'sign_in'), 'Get tokens');
    await press(step(page, 'renew'), 'Refresh');
    await mistake(t, page, 'renew', 'replayed_refresh', 401);
    await mistake(t, page, 'ask', 'expired_token');
    await noneIsLeft(t, page, 'user tokens');
  },
  async service_jwt(t, stage) {
    const page = await open(stage, '?flow=service_jwt');
    await newServiceJwt(page, stage);
    await press(step(page, 'exchange'), 'Exchange');
    await mistake(t, page, 'exchange', 'replayed_jwt');
    await mistake(t, page, 'ask', 'expired_jwt');
    await noneIsLeft(t, page, 'service JWT');
  },
};

/** What the flows with a code have in common. */
async function makeCodeMistakes(
  t: Test,
  stage: PlaygroundStage,
  user: { email: string; password: string },
  path = '',
): Promise<void> {
  const page = await open(stage, path);
  await obtainCode(stage, user);
  await mistake(t, page, 'redeem', 'wrong_verifier');
  await obtainCode(stage, user);
  await press(step(page, 'redeem'), 'Exchange the code');
  await mistake(t, page, 'renew', 'widened_scope');
  await press(step(page, 'renew'), 'Refresh');
  await mistake(t, page, 'renew', 'replayed_refresh');
  await mistake(t, page, 'ask', 'expired_token');
}

/** Whether there is somebody to sign in, or something to consent to, is for the server to say. */
async function obtainCode({ visitor }: PlaygroundStage, user: { email: string; password: string }) {
  const { page } = visitor;
  await step(page, 'authorize').getByRole('button', { name: 'Sign in and consent' }).click();
  const allow = page.getByRole('button', { name: 'Allow', exact: true });
  const password = page.locator('#password');
  const back = page.getByText('State and issuer are the ones that were expected.');
  await page.waitForURL((url) => !url.pathname.startsWith('/playground'));
  await password.or(allow).or(back).first().waitFor();
  if (await password.isVisible()) {
    await signIn(visitor, user.email, user.password);
    await allow.or(back).first().waitFor();
  }
  if (await allow.isVisible()) await allow.click();
  await back.waitFor();
}

const made = new WeakMap<Page, string[]>();

async function mistake(t: Test, page: Page, of: string, kind: string, status = STATUSES[kind]) {
  const where = step(page, of);
  const button = where.locator(`[data-lesson][data-run="${kind}"]`);
  const more = where.locator('details:has(.lessons)');
  if ((await more.getAttribute('open')) === null) await more.locator('summary').click();
  const isAsked = (await button.getAttribute('data-through')) === 'gate';
  const expected = isAsked
    ? new RegExp(`^HTTP/1.1 200[^]*"status": ${status},`)
    : new RegExp(`^HTTP/1.1 ${status}`);
  await button.click();
  await where.locator('[data-received]').filter({ hasText: expected }).waitFor();
  t.pass(`${kind}: ${status}`);
  made.set(page, [...(made.get(page) ?? []), `${of}.${kind}`]);
}

async function noneIsLeft(t: Test, page: Page, flow: string): Promise<void> {
  const offered = await page
    .locator('[data-lesson]')
    .evaluateAll((buttons) =>
      (
        buttons as unknown as { dataset: { run: string }; closest(of: string): { id: string } }[]
      ).map(
        (button) =>
          `${button.closest('li[data-step]').id.slice('step-'.length)}.${button.dataset.run}`,
      ),
    );
  t.same(made.get(page)?.sort(), offered.sort(), `${flow}: all that is offered`);
  made.delete(page);
}

await inABrowser(t, async (browser) => {
  for (const platform of PLATFORMS) {
    await t.test(`${platform}: every mistake that a flow offers is refused`, async (t) => {
      const gatehouse = await startGatehouse(t, { platform });
      const options = { ...onDesktop, name: 'playground-lessons', origins: [gatehouse.issuer] };
      await visit(t, browser, options, async (visitor) => {
        const stage = { gatehouse, visitor, received: Object.assign([], { answerNext() {} }) };
        const user = await createUser(gatehouse);
        await open(stage);
        const flows = await visitor.page
          .locator('.cards a')
          .evaluateAll((links) =>
            (links as unknown as { href: string }[]).map(({ href }) =>
              new URL(href).searchParams.get('flow'),
            ),
          );
        for (const flow of flows) await FLOWS[flow!]!(t, stage, user);
      });
    });
  }
});
