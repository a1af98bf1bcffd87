import t from 'tap';
import {
  introspect,
  newPkce,
  redeem,
  refresh,
  type TokenAnswer,
  token,
  userinfo,
} from '../support/flows.ts';
import { createUser, registerClient } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { fiftyAtOnce, soleSuccess, startTwoServers, within } from '../support/two-servers.ts';

const { first: gatehouse, second, servers } = await startTwoServers(t);
const client = await registerClient(gatehouse);
const native = await registerClient(gatehouse, {
  name: 'Example Phone App',
  tokenEndpointAuthMethod: 'none',
});
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);

t.test('gives a code of at least 128 bits (RFC 6749 §10.10)', async (t) => {
  const { code } = await person.code(client);
  t.match(code, /^[\w-]{22,}$/);
  t.not((await person.code(client)).code, code);
});

t.test('refuses a replayed code and revokes its tokens (RFC 6749 §4.1.2)', async (t) => {
  for (const one of [client, native]) {
    const { code, pkce } = await person.code(one);
    const answer = await redeem(gatehouse, one, code, pkce);
    t.equal(answer.status, 200);
    const { access_token, refresh_token } = answer.body;
    t.equal((await userinfo(gatehouse, access_token!)).status, 200);

    const replay = await redeem(gatehouse, one, code, pkce);
    t.equal(replay.status, 400);
    t.equal(replay.body.error, 'invalid_grant');
    t.equal(replay.headers.get('cache-control'), 'no-store');
    await within(1000, async () => (await userinfo(gatehouse, access_token!)).status === 401);
    t.match(await refresh(gatehouse, one, refresh_token!), {
      status: 400,
      body: { error: 'invalid_grant' },
    });
    await within(
      1000,
      async () => (await introspect(servers[1], client, access_token!)).body.active === false,
    );
  }
});

t.test('a replay ends its own authorization and no other (RFC 6749 §4.1.2)', async (t) => {
  const other = await person.tokens(client);
  const { code, pkce } = await person.code(client);
  await redeem(gatehouse, client, code, pkce);
  await redeem(gatehouse, client, code, pkce);
  t.equal((await userinfo(gatehouse, other.access_token)).status, 200);
  t.equal((await refresh(gatehouse, client, other.refresh_token)).status, 200);
});

t.test('fifty parallel redemptions on two servers, one success (RFC 6749 §10.5)', async (t) => {
  for (const one of [client, native]) {
    const { code, pkce } = await person.code(one);
    const answers = await fiftyAtOnce(servers, (server) => redeem(server, one, code, pkce));
    soleSuccess(t, answers, 'invalid_grant');
  }
});

t.test('fifty parallel redemptions without PKCE, one success (RFC 6749 §10.5)', async (t) => {
  const old = await registerClient(gatehouse, { name: 'Without PKCE', requirePkce: false });
  const { code } = await person.code(old, {
    code_challenge: undefined,
    code_challenge_method: undefined,
  });
  const parameters = { grant_type: 'authorization_code', code, redirect_uri: old.redirectUri };
  const answers = await fiftyAtOnce(servers, (server) => token(server, old, parameters));
  soleSuccess(t, answers, 'invalid_grant');
});

t.test("refuses another client's code, which stays good (RFC 6749 §4.1.3)", async (t) => {
  const stranger = await registerClient(gatehouse, { name: 'A Stranger' });
  for (const thief of [stranger, native]) {
    const { code, pkce } = await person.code(client);
    const stolen = await redeem(gatehouse, { ...client, ...thief }, code, pkce);
    t.match(stolen, { status: 400, body: { error: 'invalid_grant' } });
    t.equal((await redeem(gatehouse, client, code, pkce)).status, 200);
  }
});

const LONGEST = 'v'.repeat(128);

const wrong: [name: string, changes: Record<string, string | undefined>, error: string][] = [
  ['another redirect_uri', { redirect_uri: 'https://app.example.com/other' }, 'invalid_grant'],
  ['redirect_uri with a slash', { redirect_uri: `${client.redirectUri}/` }, 'invalid_grant'],
  ['redirect_uri in capitals', { redirect_uri: client.redirectUri.toUpperCase() }, 'invalid_grant'],
  ['no redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
  ['no code', { code: undefined }, 'invalid_request'],
  ['an unknown code', { code: 'x'.repeat(43) }, 'invalid_grant'],
  ['no code_verifier', { code_verifier: undefined }, 'invalid_grant'],
  ['an empty code_verifier', { code_verifier: '' }, 'invalid_grant'],
  ['another code_verifier', { code_verifier: newPkce().verifier }, 'invalid_grant'],
  ['a code_verifier of 42 characters', { code_verifier: 'v'.repeat(42) }, 'invalid_request'],
  ['a code_verifier of 128 wrong characters', { code_verifier: LONGEST }, 'invalid_grant'],
  ['a code_verifier of 129 characters', { code_verifier: `${LONGEST}v` }, 'invalid_request'],
  ['a code_verifier with a space', { code_verifier: `${'v'.repeat(50)} ` }, 'invalid_request'],
];

t.test('refuses what does not fit the code (RFC 6749 §4.1.3, RFC 7636 §4.6)', async (t) => {
  for (const [name, changes, error] of wrong) {
    const { code, pkce } = await person.code(client);
    const answer = await redeem(gatehouse, client, code, pkce, changes);
    t.equal(answer.status, 400, name);
    t.equal(answer.body.error, error, name);
    t.notOk(answer.body.access_token, name);
    t.equal(answer.headers.get('cache-control'), 'no-store', name);
  }
});

t.test('takes a verifier of 43 and one of 128 characters (RFC 7636 §4.1)', async (t) => {
  const { createHash } = await import('node:crypto');
  for (const verifier of ['~.-_'.padEnd(43, 'a'), LONGEST]) {
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const { code } = await person.code(client, { code_challenge: challenge });
    t.equal((await redeem(gatehouse, client, code, { verifier, challenge })).status, 200);
  }
});

t.test('a verifier for a code without a challenge is refused (RFC 9700 §2.1.1)', async (t) => {
  const old = await registerClient(gatehouse, { name: 'Without PKCE', requirePkce: false });
  const { code, pkce } = await person.code(old, {
    code_challenge: undefined,
    code_challenge_method: undefined,
  });
  const answer = await redeem(gatehouse, old, code, pkce);
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

t.test(
  'a code with a challenge is not redeemed without verifier, PKCE optional or not',
  async (t) => {
    const old = await registerClient(gatehouse, { name: 'Without PKCE', requirePkce: false });
    const { code, pkce } = await person.code(old);
    const answer = await redeem(gatehouse, old, code, pkce, { code_verifier: undefined });
    t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
  },
);

t.test('a wrong verifier burns the code: nobody guesses twice (RFC 7636 §7.1)', async (t) => {
  for (const guess of [newPkce().verifier, 'v'.repeat(42), `${LONGEST}v`]) {
    for (const one of [client, native]) {
      const { code, pkce } = await person.code(one);
      const guessed = await redeem(servers[1], one, code, pkce, { code_verifier: guess });
      t.equal(guessed.status, 400);
      const late = await redeem(gatehouse, one, code, pkce);
      t.match(late, { status: 400, body: { error: 'invalid_grant' } });
    }
  }
});

/** How many verifiers were compared with the challenge, and wrong. The wire does not say so. */
let wrongVerifiersHeard = 0;
for (const { oauth } of [gatehouse, second]) {
  oauth.host.current.on('grant.error', (_ctx, { cause }) => {
    if (cause instanceof Error && /does not match code_challenge/.test(cause.message)) {
      wrongVerifiersHeard += 1;
    }
  });
}

t.test('fifty parallel guesses of a verifier: one is heard (RFC 7636 §7.1)', async (t) => {
  for (const one of [client, native]) {
    const { code, pkce } = await person.code(one);
    wrongVerifiersHeard = 0;
    let late: Promise<TokenAnswer> | undefined;
    const answers = await fiftyAtOnce(servers, async (server, index) => {
      const isRight = index === 49;
      const guess = isRight ? {} : { code_verifier: newPkce().verifier };
      const answer = await redeem(server, one, code, pkce, guess);
      // Who has heard one no, and knows better now, while the others are under way.
      if (!isRight && answer.status === 400) late ??= redeem(gatehouse, one, code, pkce);
      return answer;
    });
    const successes = answers.filter(({ status }) => status === 200);
    t.ok(answers.every(({ status }) => [200, 400, 503].includes(status)));
    t.ok([400, 503].includes((await late)!.status), 'not even the right one after a wrong one');
    t.equal(wrongVerifiersHeard + successes.length, 1, 'one was heard, right or wrong');
    t.match(await redeem(servers[1], one, code, pkce), {
      ...{ status: 400, body: { error: 'invalid_grant' } },
    });
  }
});

t.test('a code expires (RFC 6749 §4.1.2)', async (t) => {
  const { code, pkce } = await person.code(client);
  const before = new Date(Date.now() - 1000);
  await gatehouse.database.pool.query(
    `UPDATE artifacts SET expires_at = $1 WHERE kind = 'AuthorizationCode' AND consumed_at IS NULL`,
    [before],
  );
  const answer = await redeem(gatehouse, client, code, pkce);
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('codes, tokens and secrets are not in the log', async (t) => {
  const { code, pkce } = await person.code(client);
  const { body } = await redeem(gatehouse, client, code, pkce);
  await redeem(gatehouse, client, code, pkce);
  const log = gatehouse.logLines.join('\n');
  t.ok(log.length > 1000);
  const secrets = [code, pkce.verifier, body.access_token, body.refresh_token, body.id_token];
  for (const secret of [...secrets, client.secret, user.password]) {
    t.ok(secret);
    t.notOk(log.includes(secret!));
  }
});
