import { createHmac, randomUUID } from 'node:crypto';
import { type CryptoKey, exportSPKI, importJWK, SignJWT } from 'jose';
import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';
import { assemble, type Making, newAccount, newSigner, type Signer, sign } from './signer.ts';

const desk = await openDesk(t, 'kaie');
const { gatehouse } = desk;
const AUDIENCE = gatehouse.platform.api.identifier;
const tenant = await desk.organization();
const signer = await newSigner();
const account = await newAccount(desk, tenant, [signer]);
const ACCOUNTS = '/manage/v1/service-accounts';

const make = (making: Making = {}, by: Signer = signer) => sign(by, account, AUDIENCE, making);
const use = (jwt: string) => desk.bearer('GET', '/v1/workflows', jwt);
const REFUSED = { allowed: false, status: 401, reason: 'invalid_token' };
const now = () => Math.floor(Date.now() / 1000);
const patch = (id: string, changes: object) => desk.call('PATCH', `${ACCOUNTS}/${id}`, changes);

/** A request as another process would decide it. */
const decideAt = async (server: Pick<TestGatehouse, 'gate'>, jwt: string, more: object = {}) =>
  server.gate.decide({
    ...{ method: 'GET', target: '/v1/workflows' },
    headers: { authorization: `Bearer ${jwt}`, ...more },
    ...{ address: '192.0.2.1', requestId: 'test' },
  });

t.test('Kaie takes a JWT signed with the private key as bearer (RFC 7523 §3)', async (t) => {
  for (const audience of [AUDIENCE, gatehouse.issuer, ['https://else.example', AUDIENCE]]) {
    t.match(await use(await sign(signer, account, audience)), {
      allowed: true,
      principal: {
        ...{ kind: 'service_jwt', id: account.id, subject: account.id },
        ...{ organization_id: tenant, environment: null },
      },
      headers: { 'x-ratelimit-limit': '1000' },
    });
  }
  const { body } = await desk.call('GET', `${ACCOUNTS}/${account.id}`);
  t.equal(body.last_used_at, null, 'written now and then');
  await gatehouse.credentials.lastUses.flush();
  const used = await desk.call('GET', `${ACCOUNTS}/${account.id}`);
  t.ok(Date.now() - Date.parse(used.body.last_used_at) < 60_000);
});

t.test('KLOAKD takes one for its organization, by header and path', async (t) => {
  const kloakd = await openDesk(t, 'kloakd');
  const [own, neighbour] = [await kloakd.organization(), await kloakd.organization()];
  const job = await newAccount(kloakd, own, [signer]);
  const jwt = await sign(signer, job, kloakd.gatehouse.platform.api.identifier);
  const header = 'x-kloakd-organization';
  const ask = (organization: string, named?: string) =>
    kloakd.bearer(
      'GET',
      `/api/v1/organizations/${organization}/discoveries`,
      jwt,
      named === undefined ? {} : { [header]: named },
    );
  t.match(await ask(own, own), { allowed: true, principal: { organization_id: own } });
  t.match(await ask(own), { allowed: false, reason: 'organization_required' });
  for (const [path, named] of [
    [own, neighbour],
    [neighbour, own],
    [neighbour, neighbour],
  ] as const) {
    t.match(await ask(path, named), { allowed: false, status: 403 });
  }
  t.match(await ask(own, own), { allowed: true }, 'without a jti, it comes again');
});

t.test('the account may do what its scopes say, and nothing more', async (t) => {
  const reader = await newAccount(desk, tenant, [signer], { scopes: ['workflows:read'] });
  const nobody = await newAccount(desk, tenant, [signer], { scopes: [] });
  const post = async (one: { id: string }) =>
    desk.bearer('POST', '/v1/workflows', await sign(signer, one, AUDIENCE));
  t.match(await post(account), { allowed: true });
  t.match(await post(reader), { status: 403 });
  t.match(await use(await sign(signer, reader, AUDIENCE)), { allowed: true });
  t.match(await use(await sign(signer, nobody, AUDIENCE)), { status: 403 });
  const claimed = { claims: { scope: 'admin', scopes: ['admin'], org_id: 'other' } };
  t.match(
    await desk.bearer('POST', '/v1/workflows', await sign(signer, reader, AUDIENCE, claimed)),
    {
      status: 403,
    },
  );
});

t.test('every registered algorithm is good, and by its other name', async (t) => {
  for (const alg of ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256']) {
    const one = await newSigner(alg);
    const made = await newAccount(desk, tenant, [{ ...one, publicJwk: { ...one.publicJwk, alg } }]);
    t.match(await use(await sign(one, made, AUDIENCE)), { allowed: true }, alg);
    if (alg !== 'EdDSA') continue;
    const renamed = { ...one, alg: 'Ed25519' };
    t.match(await use(await sign(renamed, made, AUDIENCE)), { allowed: true }, 'Ed25519');
  }
});

t.test('the algorithm is the key’s, never the JWT’s word (RFC 8725 §3.1)', async (t) => {
  const rsa = await newSigner('RS256');
  const ps = await newSigner('PS256');
  const both = await newAccount(desk, tenant, [
    signer,
    rsa,
    { ...ps, publicJwk: { ...ps.publicJwk, alg: 'PS256' } },
  ]);
  const payload = { iss: both.id, sub: both.id, aud: AUDIENCE, iat: now(), exp: now() + 60 };
  const input = (header: object) =>
    [header, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
  const withKey = (secret: string, kid: string) => {
    const text = input({ alg: 'HS256', kid });
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  for (const one of [signer, rsa]) {
    const key = (await importJWK(one.publicJwk, one.alg)) as CryptoKey;
    const pem = await exportSPKI(key);
    for (const secret of [
      pem,
      pem.trim(),
      JSON.stringify(one.publicJwk),
      one.publicJwk.n ?? one.publicJwk.x!,
    ]) {
      t.match(await use(withKey(secret, one.kid!)), REFUSED, 'HS256 with the public key as secret');
    }
  }
  for (const alg of ['none', 'None', 'NONE', '', null, undefined, 0, ['ES256'], 'es256', 'HS256']) {
    const header = { alg, kid: signer.kid };
    const good = (await sign(signer, both, AUDIENCE)).split('.')[2]!;
    for (const signature of ['', Buffer.from(good, 'base64url')]) {
      t.match(await use(assemble(header, payload, signature)), REFUSED, `alg ${alg}`);
    }
    t.match(await use(`${input(header)}.`), { status: 401 }, `alg ${alg}, unsigned`);
  }
  const wrong: [string, Signer, string][] = [
    ['RS256 header with an EC key', { ...rsa, kid: signer.kid }, 'RS256'],
    ['ES256 header with an RSA key', { ...signer, kid: rsa.kid }, 'ES256'],
    ['PS256 key for RS256', { ...ps, kid: rsa.kid }, 'PS256'],
    ['RS256 key for PS256', { ...rsa, kid: ps.kid }, 'RS256'],
  ];
  for (const [name, by] of wrong) t.match(await use(await sign(by, both, AUDIENCE)), REFUSED, name);
  for (const one of [signer, rsa, ps]) {
    t.match(await use(await sign(one, both, AUDIENCE)), { allowed: true });
  }
});

t.test('what the header asks for or brings along is not followed (RFC 7515 §4.1)', async (t) => {
  const attacker = await newSigner();
  const own = { ...attacker, kid: signer.kid };
  const { publicJwk } = attacker;
  const url = 'http://127.0.0.1:1/keys';
  for (const header of [{ jwk: publicJwk }, { jku: url }, { x5u: url }, { x5c: ['AAAA'] }]) {
    t.match(await use(await make({ header }, own)), REFUSED, JSON.stringify(header));
    t.match(await use(await make({ header })), { allowed: true }, 'ignored in one that is genuine');
  }
  const { kid } = signer;
  const payload = { iss: account.id, sub: account.id, aud: AUDIENCE, iat: now(), exp: now() + 60 };
  const signed = async (header: Record<string, unknown>) => {
    const text = assemble(header, payload, '').slice(0, -1);
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const bytes = await crypto.subtle.sign(algorithm, signer.privateKey, Buffer.from(text));
    return `${text}.${Buffer.from(bytes).toString('base64url')}`;
  };
  t.match(await use(await signed({ alg: 'ES256', kid })), { allowed: true }, 'as it should be');
  t.match(await use(await signed({ alg: 'ES256', kid, typ: 'JWT' })), { allowed: true });
  for (const extra of [
    ...[
      { crit: ['exp'] },
      { crit: [] },
      { b64: false },
      { b64: true },
      { b64: false, crit: ['b64'] },
    ],
    ...[{ typ: 'at+jwt' }, { typ: 'application/at+jwt' }, { typ: 'dpop+jwt' }, { typ: 'JOSE' }],
    ...[{ typ: ['JWT'] }, { typ: '' }, { typ: null }],
  ]) {
    t.match(
      await use(await signed({ alg: 'ES256', kid, ...extra })),
      REFUSED,
      JSON.stringify(extra),
    );
  }
});

t.test('the kid chooses among the account’s own keys', async (t) => {
  const [one, two] = [await newSigner(), await newSigner()];
  const other = await newAccount(desk, tenant, [one, two]);
  const foreign = await newAccount(desk, await desk.organization(), [{ ...two, kid: undefined }]);
  t.match(await use(await sign({ ...signer, kid: undefined }, account, AUDIENCE)), {
    allowed: true,
  });
  const wrong: [string, Signer, { id: string }][] = [
    ['no kid, two keys', { ...one, kid: undefined }, other],
    ['the kid of the other key', { ...one, kid: two.kid }, other],
    ['an unknown kid', { ...one, kid: 'unknown' }, other],
    ['an inherited name', { ...one, kid: '__proto__' }, other],
    ['an empty kid', { ...signer, kid: '' }, account],
    ['another account’s key and kid', one, account],
    ['another account’s key under this kid', { ...one, kid: signer.kid }, account],
    ['another account’s kid, its own key', { ...signer, kid: one.kid }, other],
    ['a key that only the neighbour has', signer, foreign],
  ];
  for (const [name, by, as] of wrong)
    t.match(await use(await sign(by, as, AUDIENCE)), REFUSED, name);
});

t.test('the claims are held to RFC 7523 §3', async (t) => {
  const neighbour = await newAccount(desk, await desk.organization(), [await newSigner()]);
  const wrong: [name: string, claims: Record<string, unknown>][] = [
    ['no iss', { iss: undefined }],
    ['no sub', { sub: undefined }],
    ['iss is not sub', { sub: neighbour.id }],
    ['iss of another account', { iss: neighbour.id, sub: neighbour.id }],
    ['iss of nobody', { iss: randomUUID(), sub: randomUUID() }],
    ['the server as iss', { iss: gatehouse.issuer, sub: gatehouse.issuer }],
    ['a list as iss', { iss: [account.id], sub: [account.id] }],
    ['NUL in iss', { iss: `${account.id}\0`, sub: `${account.id}\0` }],
    ['no aud', { aud: undefined }],
    ['another aud', { aud: 'https://api.example.com' }],
    ['an empty list as aud', { aud: [] }],
    ['aud with a slash', { aud: `${AUDIENCE}/` }],
    ['part of the aud', { aud: AUDIENCE.slice(0, -1) }],
    ['an object in aud', { aud: [AUDIENCE, {}] }],
    ['a nested aud', { aud: [[AUDIENCE]] }],
    ['the token endpoint', { aud: `${gatehouse.issuer}/oauth/token` }],
    ['no exp', { exp: undefined }],
    ['no iat', { iat: undefined }],
    ['exp as text', { exp: `${now() + 60}` }],
    ['iat as text', { iat: `${now()}` }],
    ['exp null', { exp: null }],
    ['exp too far', { exp: now() + 3700 }],
    ['a life of an hour and a second', { iat: now() - 5, exp: now() + 3596 }],
    ['exp beyond all time', { exp: 1e308 }],
    ['iat in the future', { iat: now() + 120, exp: now() + 180 }],
    ['nbf in the future', { nbf: now() + 120 }],
    ['nbf as text', { nbf: `${now()}` }],
    ['an empty jti', { jti: '' }],
    ['jti as number', { jti: 1 }],
    ['a long jti', { jti: 'j'.repeat(257) }],
    ['more than 8 KiB', { padding: 'x'.repeat(8192) }],
  ];
  for (const [name, claims] of wrong) t.match(await use(await make({ claims })), REFUSED, name);
  const right: [name: string, claims: Record<string, unknown>][] = [
    ['an hour', { iat: now(), exp: now() + 3600 }],
    ['a clock that is a little ahead', { iat: now() + 20, exp: now() + 80 }],
    ['nbf of now', { nbf: now() }],
    ['fractions', { iat: now() - 0.5, exp: now() + 60.5 }],
    ['claims of its own', { scope: 'admin', name: 'Zoë' }],
  ];
  for (const [name, claims] of right)
    t.match(await use(await make({ claims })), { allowed: true }, name);
  const expired = await make({ claims: { iat: now() - 120, exp: now() - 1 } });
  t.match(await use(expired), { ...REFUSED, reason: 'expired_token' });
});

t.test('a thousand mutants are refused', async (t) => {
  const text = await make();
  t.match(await use(text), { allowed: true });
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const pick = (length: number) => Math.floor(Math.random() * length);
  const others = [gatehouse.issuer, account.id];
  const mutate: ((at: number) => string)[] = [
    (at) => text.slice(0, at) + alphabet[pick(64)] + text.slice(at + 1),
    (at) => text.slice(0, at) + text.slice(at + 1),
    (at) => text.slice(0, at) + alphabet[pick(64)] + text.slice(at),
    (at) => text.slice(0, at),
    (at) => `${text.slice(0, at)}.${text.slice(at)}`,
    (at) => `${text}${others[at % 2]}`,
    () => `${text}=`,
    () => text.replace(/.$/, (last) => alphabet[alphabet.indexOf(last) ^ 1]!),
  ];
  let admitted = 0;
  for (let i = 0; i < 1000; i += 1) {
    const mutant = mutate[i % mutate.length]!(pick(text.length));
    if (mutant === text || mutant === '') continue;
    const decision = await decideAt(gatehouse, mutant);
    if (decision.allowed) admitted += 1;
  }
  t.equal(admitted, 0);
});

t.test('an ID token, and whatever else the server signs, is no service JWT', async (t) => {
  const { kid, signer: key } = gatehouse.oauth.signingKeys.all[0]!;
  for (const iss of [gatehouse.issuer, account.id]) {
    for (const typ of [{}, { typ: 'JWT' }, { typ: 'at+jwt' }]) {
      const jwt = await new SignJWT({
        iss,
        sub: account.id,
        aud: AUDIENCE,
        iat: now(),
        exp: now() + 60,
      })
        .setProtectedHeader({ alg: 'ES256', kid, ...typ })
        .sign(key as CryptoKey);
      t.match(await use(jwt), REFUSED, `${iss} ${JSON.stringify(typ)}`);
    }
  }
});

t.test('keys roll over without a gap', async (t) => {
  const [old, next] = [await newSigner(), await newSigner()];
  const job = await newAccount(desk, tenant, [old]);
  const good = async (by: Signer) => (await use(await sign(by, job, AUDIENCE))).allowed;
  const keep = async (...signers: Signer[]) => {
    const jwks = { keys: signers.map(({ publicJwk }) => publicJwk) };
    t.equal((await patch(job.id, { jwks })).status, 200);
  };
  const lasting = await sign(old, job, AUDIENCE);
  t.same([await good(old), await good(next)], [true, false]);
  await keep(old, next);
  t.same([await good(old), await good(next)], [true, true]);
  t.match(await use(lasting), { allowed: true });
  await keep(next);
  t.same([await good(old), await good(next)], [false, true]);
  t.match(await use(lasting), REFUSED, 'also one that was good before');
  await keep({ ...old, publicJwk: { ...next.publicJwk, kid: old.kid! } });
  t.match(await use(lasting), REFUSED, 'also when another key has its kid');
});

t.test('every change holds within a second in another process', async (t) => {
  const { connectionString, config, issuer } = gatehouse;
  const other = await startGatehouse(t, {
    ...{ platform: 'kaie', connectionString, masterKey: config.masterKey, issuer },
  });
  const allowed = async (jwt: string) => (await decideAt(other, jwt)).allowed;
  const job = await newAccount(desk, tenant, [signer]);
  const jwt = await sign(signer, job, AUDIENCE);
  t.equal(await allowed(jwt), true);
  await patch(job.id, { disabled: true });
  await within(1000, async () => !(await allowed(jwt)));
  t.match(await use(jwt), REFUSED, 'and here at once');
  await patch(job.id, { disabled: false });
  await within(1000, () => allowed(jwt));
  await patch(job.id, { scopes: [] });
  await within(1000, async () => !(await allowed(jwt)));
  await patch(job.id, { scopes: ['workflows:read'] });
  await within(1000, () => allowed(jwt));
  await patch(job.id, { jwks: { keys: [(await newSigner()).publicJwk] } });
  await within(1000, async () => !(await allowed(jwt)));
  await patch(job.id, { jwks: { keys: [signer.publicJwk] } });
  await within(1000, () => allowed(jwt));
  t.equal((await desk.call('DELETE', `${ACCOUNTS}/${job.id}`)).status, 204);
  await within(1000, async () => !(await allowed(jwt)));
  t.match(await use(jwt), REFUSED);
});

t.test('an organization takes its accounts with it', async (t) => {
  const leaving = await desk.organization();
  const job = await newAccount(desk, leaving, [signer]);
  const jwt = await sign(signer, job, AUDIENCE);
  t.match(await use(jwt), { allowed: true });
  await desk.call('DELETE', `/manage/v1/organizations/${leaving}`);
  await within(1000, async () => !(await use(jwt)).allowed);
});

t.test('a JWT that comes again is decided without waiting, until it expires', async (t) => {
  const clock = createTestClock();
  const { connectionString, config, issuer } = gatehouse;
  const server = await startGatehouse(t, {
    ...{ platform: 'kaie', connectionString, masterKey: config.masterKey, issuer, clock },
  });
  const jwt = await make();
  t.equal((await decideAt(server, jwt)).allowed, true);
  const ask = () =>
    server.gate.decide({
      ...{ method: 'GET', target: '/v1/workflows', address: '192.0.2.1', requestId: 'test' },
      headers: { authorization: `Bearer ${jwt}` },
    });
  const again = ask();
  t.notOk(again instanceof Promise);
  t.match(again, { allowed: true });
  clock.advance(61);
  t.match(await ask(), { allowed: false, denial: { reason: 'expired_token' } });
});

async function withReplays(replayProtection: Platform['serviceJwts']['replayProtection']) {
  const platform = await loadPlatform('kaie');
  return { ...platform, serviceJwts: { ...platform.serviceJwts, replayProtection } };
}

/** How many of so many at once are let in, by two processes in turn. */
async function admitted(servers: TestGatehouse[], jwt: string, times = 50): Promise<number> {
  const decisions = await Promise.all(
    Array.from({ length: times }, (_, i) => decideAt(servers[i % servers.length]!, jwt)),
  );
  return decisions.filter((decision) => decision.allowed).length;
}

t.test('of fifty presentations of one jti, one is let in (RFC 7519 §4.1.7)', async (t) => {
  const { connectionString, config, issuer } = gatehouse;
  const shared = { connectionString, masterKey: config.masterKey, issuer };
  const second = await startGatehouse(t, { ...shared, platform: 'kaie' });
  const required = await startGatehouse(t, { ...shared, platform: await withReplays('required') });
  const off = await startGatehouse(t, { ...shared, platform: await withReplays('off') });
  const jti = randomUUID();
  const once = await make({ claims: { jti } });
  t.equal(await admitted([gatehouse, second], once), 1);
  t.equal(await admitted([gatehouse, second], once, 4), 0, 'nor later');
  t.equal(await admitted([gatehouse, second], await make({ claims: { jti, n: 1 } }), 4), 0);
  const other = await newAccount(desk, tenant, [signer]);
  const same = await sign(signer, other, AUDIENCE, { claims: { jti } });
  t.equal(await admitted([gatehouse, second], same, 4), 1, 'a jti is the account’s own');
  const without = await make();
  t.equal(
    await admitted([gatehouse, second], without, 6),
    6,
    'when_jti: without one, until it expires',
  );
  t.equal(await admitted([required], without, 4), 0, 'required');
  const fresh = { claims: { jti: randomUUID() } };
  t.equal(await admitted([required], await make(fresh), 10), 1, 'required');
  t.equal(await admitted([off], await make({ claims: { jti: randomUUID() } }), 6), 6, 'off');
  const forged = await make(
    { claims: { jti: 'mine' } },
    { ...(await newSigner()), kid: signer.kid },
  );
  t.equal(await admitted([gatehouse], forged, 2), 0);
  t.equal(
    await admitted([gatehouse], await make({ claims: { jti: 'mine' } }), 2),
    1,
    'a forger uses up nothing',
  );
});

t.test('a platform without service JWTs takes none', async (t) => {
  const platform = await loadPlatform('kaie');
  const { connectionString, config, issuer } = gatehouse;
  const server = await startGatehouse(t, {
    ...{ connectionString, masterKey: config.masterKey, issuer },
    platform: { ...platform, serviceJwts: { ...platform.serviceJwts, enabled: false } },
  });
  const decision = await decideAt(server, await make());
  t.match(decision, { allowed: false, denial: { reason: 'invalid_token' } });
});

t.test('no JWT is in the log', async (t) => {
  const jwt = await make();
  await use(jwt);
  await use(`${jwt}x`);
  t.notMatch(gatehouse.logLines.join('\n'), jwt.split('.')[1]!);
});
