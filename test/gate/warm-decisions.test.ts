import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { GateRequest } from '../../src/gate/context.ts';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { token } from '../support/flows.ts';
import { registerService } from '../support/gatehouse.ts';
import { type Desk, openDesk } from './desk.ts';

// A decision about what is known: from memory, in one go. Kaie counts rates only, here in this process.

const DECISIONS = 1000;

const looking = (credential: string): GateRequest => ({
  ...{ method: 'GET', target: '/v1/workflows', address: '192.0.2.1', requestId: randomUUID() },
  headers: { authorization: `Bearer ${credential}` },
});

/** By the pool's own event: whoever asks the database takes a connection. */
function countQueries({ gatehouse }: Desk) {
  const { pool } = gatehouse.database;
  const queries = { count: 0 };
  pool.on('acquire', () => {
    queries.count += 1;
  });
  return {
    queries,
    /** No timer and no answer comes in between: what takes a connection by then, `work` has asked for. */
    async during(work: () => void): Promise<number> {
      // One that is free is given away on the next tick.
      await pool.query('SELECT 1');
      const before = queries.count;
      work();
      await new Promise((resolve) => process.nextTick(resolve));
      await new Promise((resolve) => process.nextTick(resolve));
      return queries.count - before + pool.waitingCount;
    },
  };
}

/** @param fresh a credential that this process has not seen */
async function staysWarm(t: Test, desk: Desk, fresh: string): Promise<void> {
  const { gate } = desk.gatehouse;
  const { queries, during } = countQueries(desk);
  const first = gate.decide(looking(fresh));
  t.ok(first instanceof Promise, 'the first time is waited for');
  t.match(await first, { allowed: true });
  t.ok(queries.count > 0, 'and asks the database, which is seen here');

  const forgotten = await during(() => void desk.gatehouse.database.pool.query('SELECT 1'));
  t.equal(forgotten, 1, 'one that nobody waits for would be seen');

  let waited = 0;
  let allowed = 0;
  const asked = await during(() => {
    for (let i = 0; i < DECISIONS; i += 1) {
      const decision = gate.decide(looking(fresh));
      if (decision instanceof Promise) waited += 1;
      else if (decision.allowed) allowed += 1;
    }
  });
  t.equal(waited, 0, 'no promise');
  t.equal(asked, 0, 'no query');
  t.equal(allowed, DECISIONS - 1, 'and counted: the last is one too many');
  const last = await gate.decide(looking(fresh));
  t.match(last, { allowed: false, denial: { reason: 'rate_limited' } });
}

t.test('a warm credential is decided on without a promise and without a query', async (t) => {
  const desk = await openDesk(t, 'kaie');

  await t.test('API key', async (t) => {
    const { key } = await desk.key(await desk.organization(), { permission_set: 'read_only' });
    await staysWarm(t as Test, desk, key);
  });

  await t.test('access token', async (t) => {
    const service = await registerService(desk.gatehouse, {
      ...{ organizationId: await desk.organization(), scopes: ['workflows:read'] },
    });
    const { body } = await token(desk.gatehouse, service, { grant_type: 'client_credentials' });
    await staysWarm(t as Test, desk, body.access_token!);
  });

  await t.test('service JWT without replay protection', async (t) => {
    const signer = await newSigner();
    const account = await newAccount(desk, await desk.organization(), [signer]);
    const jwt = await sign(signer, account, desk.gatehouse.platform.api.identifier);
    await staysWarm(t as Test, desk, jwt);
  });
});
