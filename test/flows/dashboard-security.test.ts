import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { newId } from '../../src/lib/ids.ts';
import { grantConsent } from '../../src/oauth/consents/consents.store.ts';
import type { Visitor } from '../support/browser.ts';
import {
  createUser,
  freePort,
  registerClient,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { startTlsProxy } from '../support/tls-proxy.ts';
import { signIn } from './person.ts';
import { hasScripts, inABrowser, visit, WINDOWS } from './windows.ts';

const HOST = 'auth.example.test';

type Story = (t: Test, stage: { gatehouse: TestGatehouse; visitor: Visitor }) => Promise<void>;

async function goTo(gatehouse: TestGatehouse, visitor: Visitor, path: string) {
  const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
  const { page } = visitor;
  await page.goto(`${gatehouse.issuer}/sign-in?return_to=${path}`);
  await signIn(visitor, user.email, user.password);
  await page.waitForURL(gatehouse.issuer + path);
  return user;
}

const EVERYWHERE: Record<string, Story> = {
  'changes the password, and ends a session': async (t, { gatehouse, visitor }) => {
    const { page } = visitor;
    const user = await goTo(gatehouse, visitor, '/dashboard/security');
    const change = async (current: string, next: string) => {
      await page.getByLabel('Current password', { exact: true }).fill(current);
      await page.getByLabel('New password', { exact: true }).fill(next);
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    await change('not the password', 'quiet violet harbour 58');
    await page.getByRole('alert').waitFor();
    await visitor.look('security-wrong-password');
    await change(user.password, 'quiet violet harbour 58');
    await page.getByText('Your password is changed').waitFor();
    await page.context().clearCookies();
    await page.goto(`${gatehouse.issuer}/sign-in?return_to=/dashboard/security`);
    await signIn(visitor, user.email, 'quiet violet harbour 58');
    await page.getByRole('button', { name: 'End all other sessions' }).waitFor();
    await visitor.look('security-sessions');
    await page.getByRole('button', { name: 'End Chrome' }).click();
    await page.getByText('The session is over.').waitFor();
    t.equal(await page.getByText(/^Signed in \d/).count(), 1, 'this one is left');
  },

  'sees connected apps, and disconnects one': async (_t, { gatehouse, visitor }) => {
    const { page } = visitor;
    const client = await registerClient(gatehouse, { name: 'Regretted' });
    const user = await goTo(gatehouse, visitor, '/dashboard/connected-apps');
    await visitor.look('connected-apps-none');
    await grantConsent(
      gatehouse.database,
      {
        ...{ id: newId(new Date()), userId: user.id, clientId: client.clientId, refused: [] },
        ...{ organizationId: user.organizationId, scopes: ['openid', 'notes:read'] },
      },
      new Date(),
      { actor: { kind: 'user', id: user.id } },
    );
    await page.reload();
    await page.getByText('for Analytical Engines').waitFor();
    await visitor.look('connected-apps');
    await page.getByRole('button', { name: 'Disconnect Regretted' }).click();
    await page.getByText('The app is disconnected.').waitFor();
  },

  'works as the operator': async (t, { gatehouse, visitor }) => {
    const { page } = visitor;
    const user = await goTo(gatehouse, visitor, '/dashboard/security');
    const context = { actor: { kind: 'admin' } } as const;
    await gatehouse.identity.changeUser(user.id, { platformRole: 'operator' }, context);
    await registerClient(gatehouse, { name: 'Console' });
    await page.goto(`${gatehouse.issuer}/dashboard/operator`);
    await page.getByLabel('Name or ID').fill('engines');
    await page.getByRole('button', { name: 'Search' }).click();
    await visitor.look('operator-organizations');
    await page.getByRole('link', { name: 'Analytical Engines' }).last().click();
    await page.getByRole('heading', { name: 'Change the plan' }).waitFor();
    await visitor.look('operator-organization');
    await page.getByRole('button', { name: 'Change plan' }).click();
    await page.getByText('The plan is changed.').waitFor();
    await page.getByRole('link', { name: 'Plans', exact: true }).click();
    await page.getByRole('heading', { name: 'Plans', exact: true }).waitFor();
    await visitor.look('operator-plans');
    await page.getByRole('link', { name: 'Clients', exact: true }).click();
    await visitor.look('operator-clients');
    await page.getByLabel('Name or ID of a client').fill('console');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: 'Console' }).first().click();
    await page.getByRole('heading', { name: 'About this client' }).waitFor();
    await visitor.look('operator-client');
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('its tokens have ended').waitFor();
    await page.getByRole('link', { name: 'Signing keys' }).click();
    await visitor.look('operator-signing-keys');
    await page.getByRole('link', { name: 'Rotate now' }).click();
    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('heading', { name: 'Rotate the signing keys?' }).waitFor();
    await visitor.look('operator-rotate');
    await page.getByRole('link', { name: 'Leave them' }).click();
    await page.getByRole('link', { name: 'Throttles' }).click();
    await page.getByLabel('Email address of an account').fill('127.0.0.1');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('status').or(page.getByText('Counted for')).first().waitFor();
    await visitor.look('operator-throttles');
    t.ok(page.url().endsWith('/throttles'), 'whom it is about is in no address');
    const attempt = { email: `guessed-${user.id}@example.com`, password: 'a guess' };
    for (let count = 0; count < 12; count += 1) {
      await gatehouse.identity.signIn({ ...attempt, address: '192.0.2.7' });
    }
    await page.getByRole('link', { name: 'All who have to wait' }).click();
    await page.getByText('g•••@e•••.com').first().waitFor();
    await visitor.look('operator-throttles-now');
    await page.getByRole('link', { name: 'Lift… g•••@e•••.com' }).first().click();
    await page.getByRole('heading', { name: 'Lift this throttle?' }).waitFor();
    await visitor.look('operator-lift');
    await page.getByRole('button', { name: 'Lift' }).click();
    await page.getByText('The throttle is cleared.').waitFor();
  },
};

const SCRIPTED: Record<string, Story> = {
  'adds a passkey, signs in with it, and asks for it after the password': async (
    t,
    { gatehouse, visitor },
  ) => {
    const { page } = visitor;
    const authenticator = await page.context().newCDPSession(page);
    await authenticator.send('WebAuthn.enable');
    await authenticator.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true },
        automaticPresenceSimulation: true,
      },
    });
    const user = await goTo(gatehouse, visitor, '/dashboard/security');
    await visitor.look('security-new');
    await page.getByLabel('Name of the new passkey').fill('Phone');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('The passkey is added').waitFor();
    await page.getByRole('button', { name: 'Ask for a passkey, too' }).click();
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await visitor.look('recovery-codes');
    const [code] = await page.locator('#codes code').allTextContents();
    await page.getByLabel('I have kept them safe').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('10 unused codes are left').waitFor();
    await visitor.look('security-on');
    await page.getByRole('link', { name: 'Edit Phone' }).click();
    await visitor.look('passkey');

    await page.context().clearCookies();
    await page.goto(`${gatehouse.issuer}/sign-in?return_to=/dashboard/security`);
    await visitor.look('sign-in-passkey');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(`${gatehouse.issuer}/dashboard/security`);
    t.pass('a passkey instead of the password');

    const toSecondStep = async () => {
      await page.context().clearCookies();
      await page.goto(`${gatehouse.issuer}/sign-in?return_to=/dashboard/security`);
      await signIn(visitor, user.email, user.password);
      await page.getByRole('heading', { name: 'One more step' }).waitFor();
    };
    await toSecondStep();
    await visitor.look('second-step');
    await page.getByRole('button', { name: 'Use your passkey' }).click();
    await page.waitForURL(`${gatehouse.issuer}/dashboard/security`);
    t.pass('and after it');

    await toSecondStep();
    await page.getByLabel('Or a recovery code').fill('AAAAA-AAAAA-AAAAA-AAAAA');
    await page.getByRole('button', { name: 'Use the code' }).click();
    await page.getByRole('alert').waitFor();
    await visitor.look('second-step-wrong');
    await page.getByLabel('Or a recovery code').fill(code!);
    await page.getByRole('button', { name: 'Use the code' }).click();
    await page.getByText('9 unused codes are left').waitFor();
  },
};

await t.test('under a name with https, as passkeys want it', async (t) => {
  // TLS ends at a proxy that stands where browsers find the name.
  const port = await freePort();
  const issuer = `https://${HOST}:${port}`;
  const environment = { TRUST_PROXY: '127.0.0.1' };
  const gatehouse = await startGatehouse(t, { issuer, environment });
  const proxyPort = await startTlsProxy(t, HOST, gatehouse.address);

  const tell = async (browser: Browser) => {
    for (const window of WINDOWS) {
      const scripts = hasScripts(window);
      const options = { ...window, origins: [issuer], ignoreHTTPSErrors: true };
      for (const [name, story] of Object.entries({ ...EVERYWHERE, ...(scripts ? SCRIPTED : {}) })) {
        await t.test(`${window.name}: ${name}`, (t) =>
          visit(t, browser, options, (visitor) => story(t, { gatehouse, visitor })),
        );
      }
    }
  };
  await inABrowser(t, tell, `--host-resolver-rules=MAP ${HOST}:${port} 127.0.0.1:${proxyPort}`);
});
