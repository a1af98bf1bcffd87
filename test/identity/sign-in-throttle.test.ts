import t from 'tap';
import type { Executor } from '../../src/database/executor.ts';
import { createSignInThrottle } from '../../src/identity/sign-in-throttle.ts';
import { hashSecret, openHouse } from './house.ts';

t.test('of 200 attempts at one account at once, ten are admitted', async (t) => {
  const { throttle } = await openHouse(t, { throttle: { perAddress: 1000 } });
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      throttle.reserve({ account: 'ann@example.com', address: `192.0.2.${index}` }),
    ),
  );
  t.equal(answers.filter(({ allowed }) => allowed).length, 10);
  const firsts = answers.filter((answer) => !answer.allowed && answer.firstRefusal);
  t.equal(firsts.length, 1, 'one of them is the first refusal');
});

t.test('an account is one account, however its address is written', async (t) => {
  const { throttle } = await openHouse(t, { throttle: { perAccount: 2 } });
  const reserve = async (account: string, address = '192.0.2.1') =>
    (await throttle.reserve({ account, address })).allowed;
  t.equal(await reserve('ann@example.com'), true);
  t.equal(await reserve(' ANN@example.com '), true);
  t.equal(await reserve('Ann@Example.Com', '198.51.100.7'), false);
  t.equal(await reserve("ann'--@example.com"), true, 'another one has attempts of its own');
  t.equal(await reserve('\0'), true);
});

t.test('an IPv6 subscriber has the attempts of one address, not of 2^64', async (t) => {
  const { throttle } = await openHouse(t, { throttle: { perAddress: 5 } });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      throttle.reserve({ account: `user${index}@example.com`, address: `2001:db8:1:2::${index}` }),
    ),
  );
  t.equal(answers.filter(({ allowed }) => allowed).length, 5);
  const neighbour = { account: 'ann@example.com', address: '2001:db8:1:3::1' };
  t.equal((await throttle.reserve(neighbour)).allowed, true);
});

t.test('IPv4 in IPv6 clothes is the same address', async (t) => {
  const { throttle } = await openHouse(t, { throttle: { perAddress: 2 } });
  const allowed = async (address: string) =>
    (await throttle.reserve({ account: `${address}@example.com`, address })).allowed;
  t.equal(await allowed('192.0.2.1'), true);
  t.equal(await allowed('::ffff:192.0.2.1'), true);
  t.equal(await allowed('::ffff:c000:201'), false);
});

t.test('a refused address leaves the account its attempts', async (t) => {
  const { throttle } = await openHouse(t, { throttle: { perAddress: 1, perAccount: 2 } });
  const account = 'ann@example.com';
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await throttle.reserve({ account, address: '192.0.2.66' });
  }
  t.equal((await throttle.reserve({ account, address: '192.0.2.1' })).allowed, true);
});

t.test('refused attempts do not prolong the window', async (t) => {
  const { throttle, clock } = await openHouse(t, { throttle: { perAccount: 1 } });
  const attempt = { account: 'ann@example.com', address: '192.0.2.1' };
  await throttle.reserve(attempt);
  clock.advance(899);
  t.match(await throttle.reserve(attempt), {
    allowed: false,
    retryAfterSeconds: 1,
    firstRefusal: true,
  });
  t.match(await throttle.reserve(attempt), { allowed: false, firstRefusal: false });
  clock.advance(1);
  t.equal((await throttle.reserve(attempt)).allowed, true);
});

t.test(
  'success gives back the failures of the account, and one attempt of the address',
  async (t) => {
    const { throttle, database } = await openHouse(t, {
      throttle: { perAccount: 3, perAddress: 4 },
    });
    const attempt = { account: 'ann@example.com', address: '192.0.2.1' };
    await throttle.reserve(attempt);
    await throttle.reserve(attempt);
    const third = await throttle.reserve(attempt);
    t.equal((await throttle.reserve(attempt)).allowed, false);
    if (third.allowed) await third.succeeded();
    const { rows } = await database.pool.query('SELECT key, attempts FROM sign_in_attempts');
    t.same(rows, [{ key: 'address:192.0.2.1', attempts: 3 }]);
    t.equal((await throttle.reserve(attempt)).allowed, true);
    t.equal((await throttle.reserve(attempt)).allowed, false, 'the address has had its four');
  },
);

t.test('what is given back late does not credit the next window', async (t) => {
  const { throttle, clock } = await openHouse(t, { throttle: { perAccount: 1 } });
  const attempt = { account: 'ann@example.com', address: '192.0.2.1' };
  const early = await throttle.reserve(attempt);
  clock.advance(900);
  t.equal((await throttle.reserve(attempt)).allowed, true);
  if (early.allowed) {
    await early.succeeded();
    await early.withdrawn();
  }
  t.equal((await throttle.reserve(attempt)).allowed, false);
});

t.test('an attempt that was withdrawn never happened', async (t) => {
  const { throttle } = await openHouse(t, { throttle: { perAccount: 1, perAddress: 1 } });
  const attempt = { account: 'ann@example.com', address: '192.0.2.1' };
  for (let round = 0; round < 3; round += 1) {
    const answer = await throttle.reserve(attempt);
    t.equal(answer.allowed, true);
    if (answer.allowed) await answer.withdrawn();
  }
});

t.test('the table holds no e-mail address', async (t) => {
  const { throttle, database } = await openHouse(t);
  await throttle.reserve({ account: 'ann@example.com', address: '192.0.2.1' });
  await throttle.reserveSignUp({ address: '192.0.2.1' });
  const { rows } = await database.pool.query('SELECT key FROM sign_in_attempts');
  t.equal(rows.length, 3);
  t.notMatch(JSON.stringify(rows), /ann|example/);
});

t.test('one address signs up twenty times an hour', async (t) => {
  const { throttle, clock } = await openHouse(t);
  const address = '2001:db8::1';
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => throttle.reserveSignUp({ address })),
  );
  t.equal(answers.filter(({ allowed }) => allowed).length, 20);
  clock.advance(3600);
  t.equal((await throttle.reserveSignUp({ address })).allowed, true);
});

t.test('a refusal is one statement, which keeps it down: there is none without it', async (t) => {
  const { database, clock } = await openHouse(t);
  let statements = 0;
  const counting: Executor = {
    query(...query: unknown[]) {
      statements += 1;
      return (database.pool.query as (...query: unknown[]) => never).apply(database.pool, query);
    },
  };
  const limits = { perAccount: 2, perAddress: 5, signUpsPerAddress: 1 };
  const throttle = createSignInThrottle({ executor: counting, clock, hashSecret, ...limits });
  const account = 'ann@example.com';
  const attempts = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      throttle.reserve({ account, address: `198.51.100.${index}` }),
    ),
  );
  t.equal(attempts.filter(({ allowed }) => !allowed).length, 38);
  t.equal(statements, 40);
  for (let index = 0; index < 7; index += 1) {
    await throttle.reserve({ account: `p${index}@example.com`, address: '192.0.2.1' });
  }
  for (let index = 0; index < 3; index += 1) await throttle.reserveSignUp({ address: '192.0.2.2' });
  t.equal(statements, 50);
  const { items } = await throttle.listRefused({ limit: 50 });
  t.same(items.map(({ kind, whom }) => [kind, whom]).sort(), [
    ['account', 'a•••@e•••.com'],
    ['address', '192.0.2.1'],
    ['sign_up', '192.0.2.2'],
  ]);
});

t.test(
  'a window that a process of before made refuse is listed with its next refusal',
  async (t) => {
    const { throttle, database } = await openHouse(t, { throttle: { perAccount: 1 } });
    const attempt = { account: 'ann@example.com', address: '192.0.2.1' };
    for (let index = 0; index < 4; index += 1) await throttle.reserve(attempt);
    await database.pool.query('UPDATE sign_in_attempts SET refusal_id = NULL, masked_email = NULL');
    t.same((await throttle.listRefused({ limit: 50 })).items, []);
    t.match(await throttle.reserve(attempt), { allowed: false, firstRefusal: false });
    const [listed] = (await throttle.listRefused({ limit: 50 })).items;
    t.match(listed, { kind: 'account', whom: 'a•••@e•••.com' });
    await throttle.reserve(attempt);
    t.same((await throttle.listRefused({ limit: 50 })).items, [listed], 'and goes by that name');
  },
);

t.test('the next window has nothing of the refusal before it', async (t) => {
  const { throttle, clock, database } = await openHouse(t, { throttle: { perAccount: 1 } });
  const attempt = { account: 'ann@example.com', address: '192.0.2.1' };
  for (let index = 0; index < 2; index += 1) await throttle.reserve(attempt);
  const [before] = (await throttle.listRefused({ limit: 50 })).items;
  clock.advance(900);
  await throttle.reserve(attempt);
  t.equal(await throttle.lift(database.pool, before!.id), false);
  const { rows } = await database.pool.query(
    'SELECT DISTINCT refusal_id, masked_email FROM sign_in_attempts',
  );
  t.same(rows, [{ refusal_id: null, masked_email: null }]);
  await throttle.reserve(attempt);
  const { items } = await throttle.listRefused({ limit: 50 });
  t.equal(items.length, 1);
  t.not(items[0]!.id, before!.id);
});
