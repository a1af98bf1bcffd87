import t from 'tap';
import {
  introspect,
  newPkce,
  obtainCode,
  obtainTokens,
  redeem,
  refresh,
  type TokenAnswer,
  token,
  userinfo,
} from '../support/flows.ts';
import { furnish } from '../support/furnished.ts';
import { freePort, type TestClient, type TestGatehouse } from '../support/gatehouse.ts';
import { spawnGatehouse } from '../support/process.ts';
import { fiftyAtOnce, soleSuccess, within } from '../support/two-servers.ts';

// What test/oauth proves with two servers in one process, with two processes: nothing that they could
// share but the database.

const ROUNDS = 3;
const REFUSED = { status: 400, body: { error: 'invalid_grant' } };

const { app, apps, user, environment } = await furnish(t, { apps: 2 });
const port = String(await freePort());
const ISSUER = `http://127.0.0.1:${port}`;
const [one, two] = await Promise.all([
  spawnGatehouse(t, { environment: { ...environment, ISSUER, PORT: port } }),
  spawnGatehouse(t, { environment: { ...environment, ISSUER } }),
]);
const servers = [one, two];
// The browser's road leads to the issuer, which is the first of them.
const atIssuer = one as unknown as TestGatehouse;

t.test('they are two processes', async (t) => {
  t.not(one.pid, two.pid);
  t.not(one.issuer, two.issuer);
  for (const { issuer } of servers) {
    const metadata = await fetch(`${issuer}/.well-known/openid-configuration`);
    t.match(await metadata.json(), { issuer: ISSUER }, 'which answer for one issuer');
  }
});

t.test('fifty parallel redemptions of one code: one success (RFC 6749 §10.5)', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { code, pkce } = await obtainCode(atIssuer, app, user);
    const answers = await fiftyAtOnce(servers, (server) => redeem(server, app, code, pkce));
    const { body } = soleSuccess(t, answers, 'invalid_grant');
    t.ok(body.access_token && body.refresh_token, 'which brings tokens');
    // Whoever comes when the code has been used replays it, and that ends what it led to (§4.1.2).
    const last = servers[round % 2]!;
    t.match(await redeem(last, app, code, pkce), REFUSED);
    for (const server of servers) {
      await within(1000, async () => (await userinfo(server, body.access_token!)).status === 401);
      t.match(await refresh(server, app, body.refresh_token!), REFUSED, 'a replay ends it all');
    }
  }
});

/** What both have logged of this client's refused redemptions: the wire does not say why. */
const refusalsOf = ({ clientId }: TestClient): { code: string; detail?: string }[] =>
  servers
    .flatMap(({ stdout }) => stdout.split('\n').slice(0, -1))
    .filter((line) => line.includes('"grant.error"') && line.includes(clientId))
    .map((line) => JSON.parse(line))
    .filter(({ code }) => code === 'invalid_grant');

t.test('fifty parallel guesses of a verifier: one is heard (RFC 7636 §7.1)', async (t) => {
  // Of an app of its own, so that the log has no other refusals under its name.
  const guessed = apps[1]!;
  const { code, pkce } = await obtainCode(atIssuer, guessed, user);
  let late: Promise<TokenAnswer> | undefined;
  const answers = await fiftyAtOnce(servers, async (server) => {
    const answer = await redeem(server, guessed, code, newPkce());
    // Who has heard one no, and knows better now, while the others are under way.
    if (answer.status === 400) late ??= redeem(two, guessed, code, pkce);
    return answer;
  });
  answers.push((await late)!);
  t.ok(
    answers.every(({ status }) => [400, 503].includes(status)),
    'none succeeds, not even the right one after a wrong one',
  );
  for (const server of servers) {
    const later = await redeem(server, guessed, code, pkce);
    t.match(later, REFUSED);
    answers.push(later);
  }
  const refused = answers.filter(({ status }) => status === 400).length;
  await within(5000, () => refusalsOf(guessed).length >= refused);
  const details = refusalsOf(guessed).map(({ detail }) => detail);
  const heard = details.filter((detail) => detail !== 'authorization code not found');
  t.equal(heard.length, 1, 'for all others there was no code any more, right or wrong');
});

t.test('fifty parallel refreshes of one token: one success (RFC 9700 §4.14.2)', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { refresh_token } = await obtainTokens(atIssuer, app, user);
    const answers = await fiftyAtOnce(servers, (server) => refresh(server, app, refresh_token));
    const { body } = soleSuccess(t, answers, 'invalid_grant');
    const [first, second] = round % 2 === 0 ? [one, two] : [two, one];
    t.match(await introspect(second, app, body.access_token!), { body: { active: true } });
    t.match(await refresh(second, app, refresh_token), REFUSED, 'the parent is used up');
    const child = await refresh(first, app, body.refresh_token!);
    t.equal(child.status, 200, 'the child works');
    const grandchild = await refresh(second, app, child.body.refresh_token!);
    t.equal(grandchild.status, 200, 'and its child, in the other process');
  }
});

t.test('a code and a foreign client do not mix, however many ask', async (t) => {
  const { code, pkce } = await obtainCode(atIssuer, app, user);
  const wrong = { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri };
  const answers = await fiftyAtOnce(servers, (server, index) =>
    index === 25
      ? redeem(server, app, code, pkce)
      : token(server, { ...app, secret: 'wrong' }, { ...wrong, code_verifier: pkce.verifier }),
  );
  const statuses = answers.map(({ status }) => status);
  t.equal(statuses.filter((status) => status === 200).length, 1, 'the rightful one');
  t.ok(statuses.every((status) => [200, 401, 503].includes(status)));
});

t.test('both end in order', async (t) => {
  t.same(await Promise.all(servers.map((server) => server.kill())), [0, 0]);
});
