import type { App, Visitor } from '../support/browser.ts';
import { introspect, type Pkce, redeem } from '../support/flows.ts';
import type { TestClient, TestGatehouse } from '../support/gatehouse.ts';

/** What a story takes place in. */
export interface Stage {
  gatehouse: TestGatehouse;
  app: App;
  visitor: Visitor;
  /** A new client of that app. */
  newClient(name: string): Promise<TestClient>;
}

export async function signUp(
  { page }: Visitor,
  email: string,
  password = 'violet otter kettle 47',
): Promise<void> {
  await page.getByLabel('Your name').fill('Ada Example');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
}

export async function signIn(
  { page }: Pick<Visitor, 'page'>,
  email: string,
  password: string,
): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** The browser is back at the app, which trades its code in; what the server says of the token. */
export async function factsBroughtBack(
  { visitor, gatehouse, app }: Omit<Stage, 'newClient'>,
  client: TestClient,
  pkce: Pkce,
): Promise<Record<string, unknown>> {
  await visitor.page.waitForURL(`${app.callback}**`);
  const code = new URL(visitor.page.url()).searchParams.get('code')!;
  const { body } = await redeem(gatehouse, client, code, pkce);
  return (await introspect(gatehouse, client, body.access_token!)).body;
}

export const scopeBroughtBack = async (
  stage: Omit<Stage, 'newClient'>,
  client: TestClient,
  pkce: Pkce,
) => (await factsBroughtBack(stage, client, pkce)).scope;

/** The name of the field that has the focus, as soon as one has. */
export const focused = ({ page }: Visitor): Promise<string | null> =>
  page.locator(':focus').getAttribute('name');

export const valuesOf = (boxes: unknown[]) =>
  (boxes as { value: string }[]).map((box) => box.value);

/** Presses Tab until the button with that text has the focus, as somebody without a mouse does. */
export async function tabTo({ page }: Visitor, text: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.textContent.trim()')) === text) return;
  }
  throw new Error(`no way to ${text} with the Tab key`);
}
