import t, { type Test } from 'tap';
import type { Visitor } from '../support/browser.ts';
import { createUser, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { signIn, signUp } from './person.ts';
import { inABrowser, onPhone, visit, WINDOWS } from './windows.ts';

await inABrowser(t, async (browser) => {
  const gatehouse = await startGatehouse(t, { platform: 'kloakd' });
  const origins = [gatehouse.issuer];
  for (const window of WINDOWS) {
    const options = { ...window, origins };
    await t.test(`${window.name}: a team from its first invitation to its last member`, (t) =>
      visit(t, browser, options, async (owner) => {
        const email = `${window.name}.grace@navy.example`;
        const link = await invites(t, gatehouse, owner, email);
        await visit(t, browser, options, (newcomer) => joins(t, newcomer, link, email));
        await manages(t, owner);
        await readsOn(t, owner);
      }),
    );
  }
  await t.test('somebody else’s invitation says whose it is, and lets them change', (t) =>
    visit(t, browser, { ...onPhone, origins }, (visitor) =>
      findsAWrongAccount(t, gatehouse, visitor),
    ),
  );
});

/** A section of the organization that the page is about. */
function goTo({ page }: Visitor, section: string) {
  return page.goto(`${page.url().replace(/(organizations\/[\w-]+).*/, '$1')}/${section}`);
}

/** @returns the link that is shown once */
async function invites(
  t: Test,
  gatehouse: TestGatehouse,
  visitor: Visitor,
  invited: string,
): Promise<string> {
  const { page } = visitor;
  const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
  await page.goto(`${gatehouse.issuer}/dashboard/organizations/${user.organizationId}/members`);
  await signIn(visitor, user.email, user.password);
  await page.getByRole('heading', { name: 'Members' }).waitFor();
  await visitor.look('members-alone');
  await page.getByRole('link', { name: 'Invite a colleague' }).click();
  const email = page.getByLabel('Their email address');
  await page.getByRole('radio', { name: 'Administrator Members' }).check();
  await email.fill(user.email);
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByRole('alert').waitFor();
  t.equal(await email.inputValue(), user.email, 'what was typed stays');
  await visitor.look('invite-member-already');
  await email.fill(invited);
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByRole('heading', { name: 'Your invitation is ready' }).waitFor();
  await visitor.look('invite-link');
  const link = await page.locator('#link').textContent();
  await page.getByRole('link', { name: 'Done' }).click();
  await page.getByRole('heading', { name: 'Open invitations' }).waitFor();
  await visitor.look('members-invited');
  return link!;
}

async function joins(t: Test, visitor: Visitor, link: string, email: string): Promise<void> {
  const { page } = visitor;
  await page.goto(link);
  await page.getByRole('heading', { name: 'Join Analytical Engines' }).waitFor();
  await visitor.look('invitation-stranger');
  t.notMatch(await page.content(), email, 'the address is masked');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await signUp(visitor, email);
  await page.getByRole('button', { name: 'Join' }).waitFor();
  await visitor.look('invitation');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('Welcome. You are a member now.').waitFor();
  await visitor.look('joined');
  await page.goto(link);
  await page.getByRole('heading', { name: 'This invitation no longer works' }).waitFor();
  await visitor.look('invitation-gone');
}

async function manages(t: Test, visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await goTo(visitor, 'members');
  await page.getByRole('table').getByRole('link').last().click();
  await page.getByRole('radio', { name: 'Owner Everything' }).check();
  await visitor.look('member');
  await page.getByRole('button', { name: 'Change role' }).click();
  await page.getByText('The role is changed.').waitFor();
  await page.getByRole('link', { name: 'Remove from the organization' }).click();
  await visitor.look('member-remove');
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('They are no longer a member').waitFor();
  await goTo(visitor, 'settings');
  await visitor.look('settings');
  await page.getByLabel('Name').fill('Difference Engines');
  await page.getByRole('button', { name: 'Change name' }).click();
  await page.getByText('The name is changed.').waitFor();
  t.equal(await page.getByLabel('Name').inputValue(), 'Difference Engines');
  await page.getByRole('link', { name: 'Leave the organization' }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByText('An organization must keep an owner').waitFor();
  await visitor.look('last-owner');
}

async function readsOn(t: Test, visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await goTo(visitor, 'plan');
  await page.getByRole('heading', { name: 'Plan and limits' }).waitFor();
  await visitor.look('plan');
  await goTo(visitor, 'audit');
  await page.getByRole('heading', { name: 'Audit log' }).waitFor();
  await page.getByText('Details').first().click();
  await visitor.look('audit');
  await page.getByLabel('Event', { exact: true }).selectOption('Invitation accepted');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/type=invitation\.accepted/);
  t.equal(await page.locator('tbody tr').count(), 1);
  await visitor.look('audit-filtered');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download CSV' }).click();
  t.match((await download).suggestedFilename(), /^audit-difference-engines-[\d-]{10}\.csv$/);
}

async function findsAWrongAccount(
  t: Test,
  gatehouse: TestGatehouse,
  visitor: Visitor,
): Promise<void> {
  const owner = await createUser(gatehouse);
  const made = await gatehouse.invitations.invite(
    { organizationId: owner.organizationId, email: 'grace@navy.example', role: 'member' },
    { actor: { kind: 'user', id: owner.id } },
  );
  if (made.outcome !== 'invited') throw new Error(made.outcome);
  const { page } = visitor;
  await page.goto(`${gatehouse.issuer}/invitations/${made.token}`);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(visitor, owner.email, owner.password);
  await page.getByText('for another account').waitFor();
  await visitor.look('invitation-somebody-else');
  await page.getByRole('button', { name: 'Use another account' }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  t.match(page.url(), 'return_to=%2Finvitations%2F');
}
