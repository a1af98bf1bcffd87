import t from 'tap';
import { createTestClock } from '../support/clock.ts';
import { redeem, userinfo } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { within } from '../support/two-servers.ts';

// Two servers whose clocks differ by what clocks may differ, and somebody who comes back within that.

const SYSTEM = { actor: { kind: 'system' } } as const;
const CLOCKS_DIFFER_SECONDS = 3;
/** By then what ended a client's tokens is over for both clocks. */
const MARGIN_SECONDS = 5 + CLOCKS_DIFFER_SECONDS + 1;

const clock = createTestClock();
const ahead = await startGatehouse(t, { clock });
const { connectionString, issuer } = ahead;
const late = createTestClock();
late.advance(-CLOCKS_DIFFER_SECONDS);
const behind = await startGatehouse(t, { connectionString, issuer, clock: late });
const servers = [{ issuer: ahead.address }, { issuer: behind.address }];
const bothAdvance = (seconds: number) => {
  for (const each of [clock, late]) each.advance(seconds);
};

t.test(
  'a user with a new password gets tokens that live, of a server whose clock is behind',
  async (t) => {
    const client = await registerClient(ahead);
    const user = await createUser(ahead);
    user.password = 'seven wet otters sing';
    await ahead.identity.changeUser(user.id, { password: user.password }, SYSTEM);
    const { code, pkce } = await createSignedIn(ahead, user).code(client);
    const { status, body } = await redeem({ issuer: behind.address }, client, code, pkce);
    t.equal(status, 200);
    for (const server of servers) {
      t.equal((await userinfo(server, body.access_token!)).status, 200);
    }
  },
);

t.test(
  'an app that is let in again at once waits with its code, which is good afterwards',
  async (t) => {
    const client = await registerClient(ahead);
    const user = await createUser(ahead);
    const person = createSignedIn(ahead, user);
    const disable = (disabled: boolean) =>
      ahead.oauth.clientService.update(client.clientId, { disabled }, SYSTEM);
    await disable(true);
    await disable(false);
    const { code, pkce } = await person.code(client);
    for (const server of servers) {
      // The other process hears of it a moment later.
      await within(1000, async () => {
        const early = await redeem(server, client, code, pkce);
        if (early.status === 401) return false;
        t.match(early, { status: 503, body: { error: 'temporarily_unavailable' } });
        t.match(early.headers.get('retry-after'), /^\d+$/);
        return true;
      });
    }

    bothAdvance(MARGIN_SECONDS);
    const { status, body } = await redeem(servers[0]!, client, code, pkce);
    t.equal(status, 200, 'the code was not used up');
    for (const server of servers) {
      t.equal((await userinfo(server, body.access_token!)).status, 200);
    }
  },
);
