import t from 'tap';
import { IDENTITIES_PER_NETWORK } from '../../src/credentials/playground-keys/strangers.ts';
import type { Gate } from '../../src/gate/gate.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import {
  askForKey,
  BEHIND_PROXY,
  DISCOVERIES,
  kloakdWith,
  newFingerprint,
  unhurriedKloakd,
} from './stranger.ts';

// What an attacker makes of "identified by fingerprint and address": see
// docs/decisions/0011-playground-identity.md.

const use = async ({ gate }: { gate: Gate }, key: string, method = 'POST') =>
  gate.decide({
    ...{ method, target: DISCOVERIES, address: '192.0.2.1', requestId: 'test' },
    headers: { authorization: `Bearer ${key}` },
  });

t.test('by fingerprint and address', async (t) => {
  const options = { ...BEHIND_PROXY, platform: await unhurriedKloakd() };
  const first = await startGatehouse(t, options);
  const { connectionString, issuer } = first;
  const second = await startGatehouse(t, { ...options, connectionString, issuer });
  const servers = [first, second];
  const ask = async (i: number, fingerprint: string, from: string) =>
    (await askForKey(servers[i % 2]!, { fingerprint }, { from })).body.key;
  const identityOf = async (key: string) =>
    (await use(first, key, 'GET')).context.principal!.identity;
  const identitiesOf = async (keys: readonly string[]) =>
    new Set(await Promise.all(keys.map(identityOf)));

  await t.test('fifty requests of one stranger at once are one stranger', async (t) => {
    const fingerprint = newFingerprint();
    const keys = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(i, fingerprint, '192.0.2.1')),
    );
    t.equal(new Set(keys).size, 50, 'each with a key of its own');
    t.equal((await identitiesOf(keys)).size, 1);
  });

  await t.test('one fingerprint is one stranger at every address, also at once', async (t) => {
    const fingerprint = newFingerprint();
    const keys = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(i, fingerprint, `198.51.100.${i}`)),
    );
    keys.push(await ask(0, fingerprint, '2001:db8:1::1'));
    t.equal((await identitiesOf(keys)).size, 1);
  });

  await t.test('strangers of one address are told apart, as far as there is room', async (t) => {
    const keys = await Promise.all(
      Array.from({ length: IDENTITIES_PER_NETWORK }, (_, i) =>
        ask(i, newFingerprint(), '203.0.113.1'),
      ),
    );
    t.equal((await identitiesOf(keys)).size, IDENTITIES_PER_NETWORK);
    const neighbour = await ask(0, newFingerprint(), '203.0.113.2');
    t.notOk((await identitiesOf(keys)).has(await identityOf(neighbour)));
  });

  await t.test('made-up fingerprints give an address a hundred discoveries, ever', async (t) => {
    const fingerprints = Array.from({ length: 40 }, newFingerprint);
    // An IPv6 subscriber has a /64 to pick addresses from.
    const keys = await Promise.all(
      fingerprints.map((fingerprint, i) => ask(i, fingerprint, `2001:db8:2::${i + 1}`)),
    );
    t.equal((await identitiesOf(keys)).size, IDENTITIES_PER_NETWORK);
    let admitted = 0;
    for (const key of keys) {
      const decisions = await Promise.all(Array.from({ length: 12 }, () => use(second, key)));
      admitted += decisions.filter(({ allowed }) => allowed).length;
    }
    t.equal(admitted, 10 * IDENTITIES_PER_NETWORK);
    const moved = await Promise.all(
      fingerprints.map((fingerprint, i) => ask(i, fingerprint, '203.0.113.3')),
    );
    t.strictSame(await identitiesOf(moved), await identitiesOf(keys), 'nor more elsewhere');
  });

  await t.test('IPv4 in IPv6 clothes is the same address', async (t) => {
    const plain = await Promise.all(
      Array.from({ length: IDENTITIES_PER_NETWORK }, (_, i) =>
        ask(i, newFingerprint(), '203.0.113.9'),
      ),
    );
    const dressed = await ask(0, newFingerprint(), '::ffff:203.0.113.9');
    t.ok((await identitiesOf(plain)).has(await identityOf(dressed)));
  });
});

const RATE = { limit: 1_000, windowSeconds: 3_600 };

t.test('by address alone, a network is one stranger and needs no fingerprint', async (t) => {
  const platform = await kloakdWith({ identifyBy: ['address'], issueRate: RATE });
  const gatehouse = await startGatehouse(t, { ...BEHIND_PROXY, platform });
  const identity = async (body: unknown, from: string) => {
    const answer = await askForKey(gatehouse, body, { from });
    t.equal(answer.status, 201);
    return (await use(gatehouse, answer.body.key, 'GET')).context.principal!.identity;
  };
  const one = await identity('', '192.0.2.1');
  t.equal(await identity({ fingerprint: newFingerprint() }, '192.0.2.1'), one);
  t.equal(await identity({ fingerprint: 7 }, '192.0.2.1'), one, 'what is sent is not looked at');
  t.not(await identity({}, '192.0.2.2'), one);
  const six = await identity({}, '2001:db8::1');
  t.equal(await identity({}, '2001:db8::ffff:1'), six);
});

t.test('by fingerprint alone, the address says nothing', async (t) => {
  const platform = await kloakdWith({ identifyBy: ['fingerprint'], issueRate: RATE });
  const gatehouse = await startGatehouse(t, { ...BEHIND_PROXY, platform });
  const identity = async (fingerprint: string, from: string) => {
    const { body } = await askForKey(gatehouse, { fingerprint }, { from });
    return (await use(gatehouse, body.key, 'GET')).context.principal!.identity;
  };
  const [ada, bob] = [newFingerprint(), newFingerprint()];
  const one = await identity(ada, '192.0.2.1');
  t.equal(await identity(ada, '198.51.100.1'), one);
  t.not(await identity(bob, '192.0.2.1'), one);
  t.equal((await askForKey(gatehouse, {})).status, 400);
});
