import type { Locator, Page } from 'playwright-core';
import type { Test } from 'tap';
import type { Visitor } from '../support/browser.ts';
import { createUser, type TestGatehouse } from '../support/gatehouse.ts';
import { signIn } from './person.ts';
import type { Received } from './playground-api.ts';

// How people use the playground: what the stories about it are told with.

export interface PlaygroundStage {
  gatehouse: TestGatehouse;
  visitor: Visitor;
  /** What reached the API that is behind the gate, newest last. */
  received: Received;
}

export type PlaygroundStory = (t: Test, stage: PlaygroundStage) => Promise<void>;

export const open = async ({ gatehouse, visitor }: PlaygroundStage, path = ''): Promise<Page> => {
  await visitor.page.goto(`${gatehouse.issuer}/playground${path}`);
  await visitor.page.locator('html[data-ready]').waitFor();
  return visitor.page;
};

export const step = (page: Page, kind: string) => page.locator(`#step-${kind}`);

/** Presses a button of a step, and reads the answer that comes over the wire. */
async function answerTo(where: Locator, button: Locator, expected: RegExp): Promise<string> {
  await button.click();
  const received = where.locator('[data-received]').first();
  await received.filter({ hasText: expected }).waitFor();
  return (await received.textContent()) ?? '';
}

const answered = (status: number) => new RegExp(`^HTTP/1.1 ${status}`);
/** The gate’s word on a call that is not made, in an answer of its own. */
const decided = (status: number) => new RegExp(`^HTTP/1.1 200[^]*"status": ${status},`);

export const press = (where: Locator, name: string, status = 200) =>
  answerTo(where, where.getByRole('button', { name, exact: true }), answered(status));

/** Has the gate asked. @param status that the caller would get */
export const ask = (where: Locator, status = 200) =>
  answerTo(
    where,
    where.getByRole('button', { name: 'Ask the gate', exact: true }),
    decided(status),
  );

/** A lesson: the wrong thing, done for real. */
export const fail = async (where: Locator, name: string, status: number) =>
  answerTo(where, await lesson(where, name), answered(status));

/** A lesson about a call: the gate is asked. */
export const failAsking = async (where: Locator, name: string, status: number) =>
  answerTo(where, await lesson(where, name), decided(status));

async function lesson(where: Locator, name: string): Promise<Locator> {
  const isOpen = await where.locator('details:has(.lessons)').getAttribute('open');
  if (isOpen === null) await where.getByText('See it refused').click();
  return where.getByRole('button', { name: `Try it ${name}` });
}

export const verdicts = (where: Locator) => where.locator('[data-verdict]').allTextContents();

/** Through sign-in and consent, back to the page. */
export async function authorize(
  page: Page,
  visitor: Visitor,
  user?: { email: string; password: string },
  app = 'OAuth playground',
) {
  await step(page, 'authorize').getByRole('button', { name: 'Sign in and consent' }).click();
  if (user) {
    // The page that is being left has a box that is called email, too.
    await page.locator('#password').waitFor();
    await signIn(visitor, user.email, user.password);
  }
  await page.getByRole('heading', { name: `${app} wants access` }).waitFor();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByText('State and issuer are the ones that were expected.').waitFor();
}

/**
 * Makes a key pair, registers its public half with a service account, and signs.
 *
 * @returns the step that signs
 */
export async function newServiceJwt(page: Page, { gatehouse }: PlaygroundStage): Promise<Locator> {
  const user = await createUser(gatehouse);
  await page.getByRole('button', { name: 'Make a key pair' }).click();
  const jwks = page.locator('[data-value="public_jwks"]');
  await jwks.filter({ hasText: 'keys' }).waitFor();
  const { keys } = JSON.parse((await jwks.textContent())!);
  const made = await gatehouse.credentials.serviceAccounts.create(
    {
      ...{ organizationId: user.organizationId, name: 'Nightly', keys },
      scopes: gatehouse.platform.scopes.map((scope) => scope.name),
    },
    { organizationId: null, scopes: 'all' },
    { actor: { kind: 'system' } },
  );
  if (made.outcome !== 'done') throw new Error(JSON.stringify(made));
  const sign = step(page, 'sign');
  await sign.getByLabel('Service account ID').fill(made.account.id);
  await sign.getByRole('button', { name: 'Sign' }).click();
  return sign;
}
