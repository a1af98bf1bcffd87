import { EventEmitter, once } from 'node:events';
import argon2 from 'argon2';
import t, { type Test } from 'tap';
import { createPasswords, PasswordQueueFullError } from '../../src/identity/passwords.ts';
import { GOOD_PASSWORD, OPERATOR, openHouse } from './house.ts';

const HERE = { address: '192.0.2.1', requestId: 'req-7' };

t.test('the right password signs in, whatever the case of the address', async (t) => {
  const house = await openHouse(t);
  const ann = await house.addUser('Ann', GOOD_PASSWORD);
  const attempt = { email: ' ANN@example.com', password: GOOD_PASSWORD, ...HERE };
  t.same(await house.identity.signIn(attempt), { outcome: 'signed_in', user: ann });
  t.same(await house.audited(), ['user.created', 'sign_in.succeeded']);
});

t.test('of 200 guesses at once, ten reach argon2', async (t) => {
  const house = await openHouse(t, { throttle: { perAddress: 1000 } });
  await house.addUser('Ann', GOOD_PASSWORD);
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      house.identity.signIn({ email: 'ann@example.com', password: `guess ${index}`, ...HERE }),
    ),
  );
  const count = (outcome: string) => outcomes.filter((each) => each.outcome === outcome).length;
  t.equal(house.verified.length, 10);
  t.equal(count('rejected'), 10);
  t.equal(count('throttled'), 190);
  const audited = await house.audited();
  t.equal(audited.filter((type) => type === 'sign_in.failed').length, 10);
  t.equal(audited.filter((type) => type === 'sign_in.throttled').length, 1);
  const right = { email: 'ann@example.com', password: GOOD_PASSWORD, ...HERE };
  t.match(await house.identity.signIn(right), { outcome: 'throttled', retryAfterSeconds: 900 });
});

t.test(
  'the answer does not tell whether an account exists, is disabled or has a password',
  async (t) => {
    const house = await openHouse(t);
    await house.addUser('Ann', GOOD_PASSWORD);
    await house.addUser('Bob', null);
    const eve = await house.addUser('Eve', GOOD_PASSWORD);
    await house.identity.users.disable(eve.id, OPERATOR);
    const emails = ['ann', 'bob', 'nobody', "x' OR '1'='1"].map((name) => `${name}@example.com`);
    for (const email of [...emails, '', 'no address', 'nul\0@example.com', '\ud800@example.com']) {
      const outcome = await house.identity.signIn({ email, password: 'a wrong guess', ...HERE });
      t.same(outcome, { outcome: 'rejected' }, JSON.stringify(email));
    }
    const disabled = { email: 'eve@example.com', password: GOOD_PASSWORD, ...HERE };
    t.same(await house.identity.signIn(disabled), { outcome: 'rejected' });
    t.equal(house.verified.length, 9, 'each of them cost one verification');
    const { rows } = await house.database.pool.query(
      "SELECT details->>'reason' AS reason FROM audit_events WHERE type = 'sign_in.failed' ORDER BY id",
    );
    t.same(
      rows.map(({ reason }) => reason),
      ['wrong_password', 'wrong_password', ...Array(6).fill('unknown_account'), 'disabled'],
    );
  },
);

t.test('an account that does not exist is throttled like one that does', async (t) => {
  const house = await openHouse(t);
  const guess = { email: 'nobody@example.com', password: 'a wrong guess', ...HERE };
  const outcomes: string[] = [];
  for (let attempt = 0; attempt < 11; attempt += 1) {
    outcomes.push((await house.identity.signIn(guess)).outcome);
  }
  t.same(outcomes, [...Array(10).fill('rejected'), 'throttled']);
});

t.test('the audit log keeps neither what was typed as a password nor as an address', async (t) => {
  const house = await openHouse(t);
  await house.identity.signIn({ email: 'my-secret-phrase', password: 'another-phrase', ...HERE });
  const { rows } = await house.database.pool.query('SELECT * FROM audit_events');
  t.match(rows, [{ type: 'sign_in.failed', address: '192.0.2.1', request_id: 'req-7' }]);
  t.notMatch(JSON.stringify(rows), /phrase/);
});

t.test('overload is no failed attempt: it is given back', async (t) => {
  const passwords = createPasswords();
  let busy = true;
  const verify: typeof passwords.verify = (hash, password) =>
    busy ? Promise.reject(new PasswordQueueFullError(3)) : passwords.verify(hash, password);
  const house = await openHouse(t, {
    passwords: { ...passwords, verify },
    throttle: { perAccount: 1, perAddress: 1 },
  });
  await house.addUser('Ann', GOOD_PASSWORD);
  const attempt = { email: 'ann@example.com', password: GOOD_PASSWORD, ...HERE };
  for (let round = 0; round < 3; round += 1) {
    const outcome = await house.identity.signIn(attempt);
    t.same(outcome, { outcome: 'overloaded', retryAfterSeconds: 3 });
  }
  busy = false;
  t.match(await house.identity.signIn(attempt), { outcome: 'signed_in' });
});

t.test('a hash of another cost is renewed by the next sign-in', async (t) => {
  const house = await openHouse(t);
  const weak = await argon2.hash(GOOD_PASSWORD, { memoryCost: 1024, timeCost: 2, parallelism: 1 });
  const email = 'ann@example.com';
  const ann = await house.identity.users.create(
    { email, name: 'Ann', passwordHash: weak },
    OPERATOR,
  );
  const attempt = { email, password: GOOD_PASSWORD, ...HERE };
  t.match(await house.identity.signIn(attempt), { outcome: 'signed_in' });
  t.match(await house.identity.users.findPasswordHash(ann.id), /m=19456,t=2,p=1/);
  t.same((await house.identity.users.find(ann.id))?.updatedAt, ann.updatedAt, 'nothing else did');
  t.match(await house.identity.signIn(attempt), { outcome: 'signed_in' });
});

/** Ann, whose hash is to be renewed, and those who give her password: each waits, once it is checked. */
async function renewing(t: Pick<Test, 'teardown'>) {
  const real = createPasswords();
  const turns: (() => void)[] = [];
  const arrivals = new EventEmitter();
  let isOpen = false;
  const verify: typeof real.verify = async (hash, password) => {
    const matches = await real.verify(hash, password);
    if (isOpen) return matches;
    await new Promise<void>((resolve) => {
      turns.push(resolve);
      arrivals.emit('one');
    });
    return matches;
  };
  const house = await openHouse(t, { passwords: { ...real, verify } });
  const cheap = { memoryCost: 1024, timeCost: 2, parallelism: 1 };
  const passwordHash = await argon2.hash(GOOD_PASSWORD, cheap);
  const email = 'ann@example.com';
  const { id } = await house.identity.users.create({ email, name: 'Ann', passwordHash }, OPERATOR);
  return {
    ...{ house, id, identity: house.identity },
    attempt: { email, password: GOOD_PASSWORD, ...HERE },
    async checked(count: number) {
      while (turns.length < count) await once(arrivals, 'one');
    },
    /** The first goes on, and whoever comes from now on does not wait; those who do, do. */
    letOne() {
      isOpen = true;
      turns.shift()!();
    },
    letAll() {
      for (const go of turns) go();
    },
  };
}

t.test('a sign-in that renews the hash turns nobody away who comes at the same time', async (t) => {
  const { house, id, identity, attempt, checked, letOne, letAll } = await renewing(t);
  const first = identity.signIn(attempt);
  await checked(1);
  const others = Array.from({ length: 7 }, () => identity.signIn(attempt));
  await checked(8);
  letOne();
  t.match(await first, { outcome: 'signed_in' });
  t.match(await identity.users.findPasswordHash(id), /m=19456,t=2,p=1/, 'renewed');
  letAll();
  for (const other of await Promise.all(others)) t.match(other, { outcome: 'signed_in' });
  t.notOk((await house.audited()).includes('sign_in.failed'));
});

t.test('nor whoever changes the password while a sign-in renews its hash', async (t) => {
  const { id, identity, attempt, checked, letOne, letAll } = await renewing(t);
  const first = identity.signIn(attempt);
  await checked(1);
  const newPassword = 'eight dry herons read';
  const change = { userId: id, currentPassword: GOOD_PASSWORD, newPassword, ...HERE };
  const changed = identity.changePassword(change);
  await checked(2);
  letOne();
  t.match(await first, { outcome: 'signed_in' });
  letAll();
  t.same(await changed, { outcome: 'changed' });
  t.same(await identity.signIn(attempt), { outcome: 'rejected' });
  t.match(await identity.signIn({ ...attempt, password: newPassword }), { outcome: 'signed_in' });
});

t.test('a password that was changed while it was checked is right no more', async (t) => {
  const { house, id, identity, attempt, checked, letOne } = await renewing(t);
  const late = identity.signIn(attempt);
  await checked(1);
  await identity.changeUser(id, { password: 'eight dry herons read' }, OPERATOR);
  letOne();
  t.same(await late, { outcome: 'rejected' });
  const { rows } = await house.database.pool.query(
    "SELECT details FROM audit_events WHERE type = 'sign_in.failed'",
  );
  t.same(rows, [{ details: { reason: 'changed_meanwhile' } }]);
});

t.test('who is disabled while the password is being checked does not slip in', async (t) => {
  const real = createPasswords();
  let meanwhile = async () => {};
  const verify: typeof real.verify = async (hash, password) => {
    const matches = await real.verify(hash, password);
    await meanwhile();
    return matches;
  };
  const house = await openHouse(t, { passwords: { ...real, verify } });
  const ann = await house.addUser('Ann', GOOD_PASSWORD);
  meanwhile = async () => void (await house.identity.users.disable(ann.id, OPERATOR));
  const attempt = { email: ann.email, password: GOOD_PASSWORD, ...HERE };
  t.same(await house.identity.signIn(attempt), { outcome: 'rejected' });
});
