import type { Test } from 'tap';
import type { Visitor } from '../support/browser.ts';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { createMember, createUser } from '../support/gatehouse.ts';
import {
  factsBroughtBack,
  focused,
  type Stage,
  scopeBroughtBack,
  signIn,
  signUp,
  tabTo,
  valuesOf,
} from './person.ts';

type Box = { x: number; y: number; width: number; height: number };
type Story = (t: Test, stage: Stage) => Promise<void>;

/** What people do, told once and played in every kind of window. */
export const STORIES: Record<string, Story> = {
  'signs up on the way to an app, comes back, and is not asked twice': async (t, stage) => {
    const { visitor, gatehouse, app } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Notebook');
    const pkce = newPkce();
    const scope = 'openid email notes:read';
    await page.goto(authorizeUrl(gatehouse, client, pkce, { scope }));
    await visitor.look('sign-in');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await visitor.look('sign-up');
    await signUp(visitor, `ada.${pkce.challenge.slice(0, 8)}@example.com`);
    await page.getByRole('heading', { name: 'Notebook wants access' }).waitFor();
    await page.getByText('Sends you to').waitFor();
    await visitor.look('consent');
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    t.equal(await scopeBroughtBack(stage, client, pkce), scope);

    const more = newPkce();
    await page.goto(authorizeUrl(gatehouse, client, more, { scope }));
    t.ok(page.url().startsWith(app.callback), 'the second visit asks nothing');
    t.equal(await scopeBroughtBack(stage, client, more), scope);

    const wider = newPkce();
    await page.goto(authorizeUrl(gatehouse, client, wider, { scope: `${scope} notes:write` }));
    await visitor.look('consent-more');
    t.same(await page.getByRole('checkbox').evaluateAll(valuesOf), ['notes:write'], 'only the new');
    t.equal(await page.getByText('Know who you are').count(), 0, 'nor who you are, again');
    t.equal(await page.getByText('Keep access').count(), 0);
    await page.getByText('Already allowed').click();
    await page.getByText('See your notes').waitFor();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    t.equal(await scopeBroughtBack(stage, client, wider), `${scope} notes:write`);
  },

  'signs out, mistypes the password, and signs in': async (t, stage) => {
    const { visitor, gatehouse, app } = stage;
    const { page } = visitor;
    const user = await createUser(gatehouse);
    await page.goto(gatehouse.issuer);
    await visitor.look('home');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await signIn(visitor, user.email, 'not the password');
    await visitor.look('sign-in-wrong');
    t.match(await page.getByRole('alert').textContent(), 'email and password don’t match');
    t.equal(await page.getByLabel('Email').inputValue(), user.email, 'what was typed stays');
    t.equal(await focused(visitor), 'password');
    await signIn(visitor, 'nobody@example.com', 'not the password');
    t.match(
      await page.getByRole('alert').textContent(),
      'email and password don’t match',
      'an unknown address is told the same',
    );
    await signIn(visitor, user.email, user.password);
    await page.getByRole('heading', { name: 'Hello, Ada Example' }).waitFor();
    await visitor.look('account');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await visitor.look('signed-out');
    const client = await stage.newClient('Silent');
    await page.goto(authorizeUrl(gatehouse, client, newPkce(), { prompt: 'none' }));
    t.match(page.url(), `${app.callback}?error=login_required`, 'the session is over');
  },

  'says no': async (t, stage) => {
    const { visitor, gatehouse, app } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Nosy');
    const user = await createUser(gatehouse);
    await page.goto(authorizeUrl(gatehouse, client, newPkce()));
    await signIn(visitor, user.email, user.password);
    await isAsEasyAsYes(t, visitor);
    await page.getByRole('button', { name: 'Don’t allow' }).click();
    await page.waitForURL(`${app.origin}/**`);
    await visitor.look('said-no');
    const answer = new URL(page.url()).searchParams;
    t.equal(answer.get('error'), 'access_denied');
    t.equal(answer.get('state'), 'a state');
  },

  'leaves a permission out': async (t, stage) => {
    const { visitor, gatehouse } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Greedy');
    const user = await createUser(gatehouse);
    const pkce = newPkce();
    const scope = 'openid notes:read notes:write notes:delete';
    await page.goto(authorizeUrl(gatehouse, client, pkce, { scope }));
    await signIn(visitor, user.email, user.password);
    await page.getByLabel('Delete notes').uncheck();
    await visitor.look('consent-unticked');
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    t.equal(await scopeBroughtBack(stage, client, pkce), 'openid notes:read notes:write');
  },

  'switches account and chooses one of several organizations': async (t, stage) => {
    const { visitor, gatehouse } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Team Board');
    const first = await createUser(gatehouse, { name: 'First Person' });
    const second = await createUser(gatehouse, { name: 'Second Person' });
    const other = await createUser(gatehouse, { organizationName: 'The Other One' });
    await gatehouse.identity.memberships.add(
      { userId: second.id, organizationId: other.organizationId, role: 'member' },
      { actor: { kind: 'system' } },
    );
    const pkce = newPkce();
    await page.goto(authorizeUrl(gatehouse, client, pkce));
    await signIn(visitor, first.email, first.password);
    await page.getByText('First Person').waitFor();
    await page.getByRole('button', { name: 'Use another account' }).click();
    await signIn(visitor, second.email, second.password);
    await page.getByText('Second Person').waitFor();
    await visitor.look('consent-organizations');
    await page.getByRole('radio', { name: 'The Other One' }).check();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const facts = await factsBroughtBack(stage, client, pkce);
    t.match(facts, { sub: second.id, org_id: other.organizationId });
  },

  'is told where nothing is theirs to allow, and allows it elsewhere': async (t, stage) => {
    const { visitor, gatehouse } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Shredder');
    const theirs = await createUser(gatehouse, { organizationName: 'Quiet Library' });
    const junior = await createMember(gatehouse, theirs.organizationId);
    const both = await createUser(gatehouse, { organizationName: 'Own House' });
    await gatehouse.identity.memberships.add(
      { userId: both.id, organizationId: theirs.organizationId, role: 'member' },
      { actor: { kind: 'system' } },
    );
    const pkce = newPkce();
    await page.goto(authorizeUrl(gatehouse, client, pkce, { scope: 'notes:delete' }));
    await signIn(visitor, junior.email, junior.password);
    await page.getByRole('heading', { name: 'You can’t allow this' }).waitFor();
    await visitor.look('consent-powerless');
    t.equal(await page.getByRole('button', { name: 'Allow', exact: true }).count(), 0);
    t.equal(await page.getByRole('button', { name: 'Don’t allow' }).count(), 1);
    await page.getByRole('button', { name: 'Use another account' }).click();
    await signIn(visitor, both.email, both.password);
    const powerless = page.getByRole('radio', { name: 'Quiet Library' });
    await powerless.waitFor();
    await visitor.look('consent-powerless-somewhere');
    t.ok(await powerless.isDisabled());
    t.ok(await page.getByRole('radio', { name: 'Own House' }).isChecked());
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const facts = await factsBroughtBack(stage, client, pkce);
    t.match(facts, { sub: both.id, org_id: both.organizationId, scope: 'notes:delete' });
  },

  'takes back what an app was allowed': async (t, stage) => {
    const { visitor, gatehouse, app } = stage;
    const { page } = visitor;
    const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
    const names = ['Regretted', 'Trusted'];
    const clients = await Promise.all(names.map((name) => stage.newClient(name)));
    await page.goto(`${gatehouse.issuer}/sign-in`);
    await signIn(visitor, user.email, user.password);
    await page.getByText('No app has access to your account').waitFor();
    for (const client of clients) {
      await page.goto(authorizeUrl(gatehouse, client, newPkce()));
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.waitForURL(`${app.origin}/**`);
    }
    const [regretted] = clients;
    await page.goto(authorizeUrl(gatehouse, regretted!, newPkce(), { prompt: 'consent' }));
    await page.getByRole('link', { name: 'your connected apps' }).click();
    await page.getByRole('heading', { name: 'Connected apps' }).waitFor();
    await visitor.look('connected-apps');
    t.same((await page.getByRole('heading', { level: 3 }).allTextContents()).sort(), names);
    t.equal(await page.getByText('for Analytical Engines').count(), 2);
    t.equal(await page.getByText('See your notes').count(), 2);

    await page.getByRole('button', { name: 'Disconnect Regretted' }).click();
    await page.getByRole('button', { name: 'Disconnect Regretted' }).waitFor({ state: 'detached' });
    t.same(await page.getByRole('heading', { level: 3 }).allTextContents(), ['Trusted']);
    await page.goto(authorizeUrl(gatehouse, regretted!, newPkce()));
    await page.getByRole('heading', { name: 'Regretted wants access' }).waitFor();
    t.equal(await page.getByText('Already allowed').count(), 0, 'it begins anew');
  },

  'signs out of the app: stays, then leaves (RP-Initiated Logout)': async (t, stage) => {
    const { visitor, gatehouse, app } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Departures');
    const user = await createUser(gatehouse);
    await page.goto(`${gatehouse.issuer}/sign-in`);
    await signIn(visitor, user.email, user.password);
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    const logout = new URL('/oauth/logout', gatehouse.issuer);
    logout.search = new URLSearchParams({
      client_id: client.clientId,
      post_logout_redirect_uri: app.callback,
      state: 'bye',
    }).toString();

    await page.goto(logout.href);
    await visitor.look('sign-out');
    await page.getByRole('button', { name: 'Stay signed in' }).click();
    await page.waitForURL(`${app.callback}?state=bye`);
    await page.goto(gatehouse.issuer);
    await page.getByRole('heading', { name: 'Hello' }).waitFor();

    await page.goto(logout.href);
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await page.waitForURL(`${app.callback}?state=bye`);
    await page.goto(logout.href);
    const goOn = page.getByRole('button', { name: 'Continue' });
    if (await goOn.isVisible()) await goOn.click();
    await page.waitForURL(`${app.callback}?state=bye`);
    t.pass('with nobody signed in there is nothing to confirm');

    await page.goto(`${gatehouse.issuer}/oauth/logout/success`);
    await visitor.look('signed-out-of-app');
  },

  'meets a page that says what went wrong': async (t, stage) => {
    const { visitor, gatehouse } = stage;
    const { page } = visitor;
    const client = await stage.newClient('Broken');
    const strange = { ...client, redirectUri: 'https://elsewhere.example/' };
    await page.goto(authorizeUrl(gatehouse, strange, newPkce()));
    await visitor.look('error-bad-link');
    await page.goto(`${gatehouse.issuer}/interaction/gone`);
    await page.getByText('This took a little too long').waitFor();
    await visitor.look('error-expired');
    await page.goto(`${gatehouse.issuer}/nowhere`);
    await page.getByText('There is nothing here').waitFor();
    await visitor.look('error-not-found');

    await page.goto(`${gatehouse.issuer}/sign-up`);
    await signUp(visitor, `short@example.com`, 'password1234');
    await visitor.look('sign-up-errors');
    t.equal(await focused(visitor), 'password', 'the field to mend has the focus');
    t.match(await page.getByRole('alert').textContent(), 'Please check');
  },
};

/** Both answers are as easy to hit, with a thumb too (WCAG 2.2 §2.5.5), and lie side by side or one below the other. */
async function isAsEasyAsYes(t: Test, { page }: Visitor): Promise<void> {
  const boxes = ['Don’t allow', 'Allow'].map(async (name) => {
    const button = page.getByRole('button', { name, exact: true });
    await button.waitFor();
    return (await button.boundingBox())!;
  });
  const [no, yes] = (await Promise.all(boxes)) as [Box, Box];
  t.ok(Math.abs(no.height - yes.height) <= 1, `as high: ${no.height}, ${yes.height}`);
  // Chromium counts in fractions: 44 px may come out as 43.9999.
  t.ok(Math.min(no.height, yes.height) > 43.99, 'at least 44 px high, for a thumb');
  const isRow = Math.abs(no.y - yes.y) <= 1;
  const isColumn = Math.abs(no.x - yes.x) <= 1;
  t.ok(isRow !== isColumn, `in one row or one column: ${JSON.stringify([no, yes])}`);
  t.ok(Math.abs(no.width - yes.width) <= 1, `as wide: ${no.width}, ${yes.width}`);
}

/** Without a mouse. */
export async function byKeyboard(t: Test, stage: Stage): Promise<void> {
  const { visitor, gatehouse, app } = stage;
  const { page } = visitor;
  const client = await stage.newClient('Keys Only');
  const user = await createUser(gatehouse);
  const pkce = newPkce();
  await page.goto(authorizeUrl(gatehouse, client, pkce));
  t.equal(await focused(visitor), 'email', 'the first field has the focus');
  await page.keyboard.type(user.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(user.password);
  await tabTo(visitor, 'Sign in');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keys Only wants access' }).waitFor();
  await tabTo(visitor, 'Allow');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${app.callback}**`);
  t.equal(await scopeBroughtBack(stage, client, pkce), 'openid notes:read');
}
