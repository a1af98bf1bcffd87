import { randomUUID } from 'node:crypto';
import t from 'tap';
import { writeLastUses } from '../../src/credentials/last-uses.store.ts';
import { createLastUses } from '../../src/credentials/last-uses.ts';
import { touchSessions } from '../../src/oauth/sessions/user-sessions.store.ts';
import { openDesk } from '../gate/desk.ts';
import { newAccount, newSigner } from './signer.ts';

const desk = await openDesk(t, 'kaie');
const tenant = await desk.organization();
const { database } = desk.gatehouse;
const NOW = new Date('2030-01-15T08:00:00Z');
const log = { warn: () => {} };

const newKey = async (): Promise<string> => {
  const body = { organization_id: tenant, name: 'A key', permission_set: 'read_only' };
  return (await desk.call('POST', '/manage/v1/api-keys', body)).body.id;
};
const newServiceAccount = async (): Promise<string> =>
  (await newAccount(desk, tenant, [await newSigner()])).id;
async function newSession(): Promise<string> {
  const uid = randomUUID();
  await database.pool.query(
    `INSERT INTO sessions (id_hash, uid, details, expires_at)
     VALUES (sha256(convert_to($1, 'UTF8')), $1, '{}', now() + interval '1 day')`,
    [uid],
  );
  return uid;
}

type Touch = typeof touchSessions;
const touchApiKeys: Touch = (executor, uses) => writeLastUses(executor, 'api_keys', uses);
const touchServiceAccounts: Touch = (executor, uses) =>
  writeLastUses(executor, 'service_accounts', uses);

for (const { table, id, column, make, touch } of [
  ...[{ table: 'api_keys', id: 'id', column: 'last_used_at', make: newKey, touch: touchApiKeys }],
  {
    ...{ table: 'service_accounts', id: 'id', column: 'last_used_at' },
    ...{ make: newServiceAccount, touch: touchServiceAccounts },
  },
  {
    ...{ table: 'sessions', id: 'uid', column: 'last_seen_at' },
    ...{ make: newSession, touch: touchSessions },
  },
]) {
  t.test(`a use of ${table} whose row is held is written with the next round`, async (t) => {
    const [held, free, gone] = [await make(), await make(), await make()];
    await database.pool.query(`DELETE FROM ${table} WHERE ${id} = $1`, [gone]);
    const rounds: string[][] = [];
    const uses = createLastUses({
      ...{ clock: { now: () => NOW }, log },
      write: (batch) => {
        rounds.push(batch.map((use) => use.id).sort());
        return touch(database.pool, batch);
      },
    });
    const usedAt = async (which: string): Promise<Date | null> => {
      const text = `SELECT ${column} AS at FROM ${table} WHERE ${id} = $1`;
      return (await database.pool.query(text, [which])).rows[0].at;
    };
    for (const each of [held, free, gone]) uses.used(each);
    await database.transaction(async (tx) => {
      await tx.query(`SELECT FROM ${table} WHERE ${id} = $1 FOR UPDATE`, [held]);
      await uses.flush();
    });
    t.same(await usedAt(free), NOW);
    t.not((await usedAt(held))?.getTime(), NOW.getTime(), 'nobody waited for it');
    await uses.flush();
    t.same(await usedAt(held), NOW);
    await uses.flush();
    t.same(rounds, [[held, free, gone].sort(), [held]], 'and what is gone is not asked for again');
  });
}

t.test('a later use of what was held counts, and what was held is fresh no more', async (t) => {
  let now = NOW;
  const rounds: { id: string; at: Date }[][] = [];
  const uses = createLastUses({
    ...{ clock: { now: () => now }, log },
    write: async (batch) => {
      rounds.push(batch);
      return new Set(rounds.length === 1 ? ['key_1'] : []);
    },
  });
  uses.used('key_1');
  await uses.flush();
  now = new Date(NOW.getTime() + 1_000);
  uses.used('key_1');
  await uses.flush();
  uses.used('key_1');
  await uses.flush();
  t.same(rounds, [[{ id: 'key_1', at: NOW }], [{ id: 'key_1', at: now }]]);
});

t.test('what is not written yet is kept, but never more than a hundred thousand', async (t) => {
  const sizes: number[] = [];
  const uses = createLastUses({
    ...{ clock: { now: () => NOW }, log },
    write: async (batch) => {
      sizes.push(batch.length);
      return new Set(batch.map(({ id }) => id));
    },
  });
  for (let i = 0; i < 100_010; i += 1) uses.used(`key_${i}`);
  uses.used('key_0');
  await uses.flush();
  uses.used('key_new');
  await uses.flush();
  t.same(sizes, [100_000, 100_000]);
});
