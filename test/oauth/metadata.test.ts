import { type IncomingHttpHeaders, request } from 'node:http';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import t from 'tap';
import { introspect, obtainTokens, token, userinfo } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.ts';

const DOCUMENTS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];

/** A request whose Host is free, which fetch would not allow. */
function get(
  gatehouse: TestGatehouse,
  path: string,
  headers: Said = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = gatehouse.config;
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

/** What a caller might say of host and scheme. */
type Said = Record<string, string>;

const keysOf = async ({ issuer }: TestGatehouse) =>
  (await (await fetch(`${issuer}/oauth/jwks`)).json()) as JSONWebKeySet;

const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid!;

t.test('metadata', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;

  await t.test(
    'says the issuer exactly, and where everything is (RFC 8414 §2, §3.3)',
    async (t) => {
      for (const path of DOCUMENTS) {
        const answer = await fetch(issuer + path);
        t.equal(answer.status, 200, path);
        t.match(answer.headers.get('content-type'), /^application\/json/, path);
        const document = (await answer.json()) as Record<string, unknown>;
        t.match(document, {
          issuer,
          authorization_endpoint: `${issuer}/oauth/authorize`,
          token_endpoint: `${issuer}/oauth/token`,
          revocation_endpoint: `${issuer}/oauth/revoke`,
          introspection_endpoint: `${issuer}/oauth/introspect`,
          userinfo_endpoint: `${issuer}/oauth/userinfo`,
          jwks_uri: `${issuer}/oauth/jwks`,
          pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
          end_session_endpoint: `${issuer}/oauth/logout`,
          authorization_response_iss_parameter_supported: true,
        });
        t.equal(document.issuer, issuer, `${path}: to the byte`);
        t.same(document.response_types_supported, ['code'], `${path}: no implicit flow`);
        t.same(document.code_challenge_methods_supported, ['S256'], `${path}: no plain`);
        const methods = document.token_endpoint_auth_methods_supported as string[];
        const algorithms = document.token_endpoint_auth_signing_alg_values_supported;
        for (const endpoint of ['revocation', 'introspection']) {
          const known = methods.filter((one) => endpoint === 'revocation' || one !== 'none');
          t.same(document[`${endpoint}_endpoint_auth_methods_supported`], known, endpoint);
          const signed = document[`${endpoint}_endpoint_auth_signing_alg_values_supported`];
          t.same(signed, algorithms, endpoint);
        }
        const grants = document.grant_types_supported as string[];
        t.notOk(grants.includes('password') || grants.includes('implicit'), `${path}: grants`);
        for (const [name, value] of Object.entries(document)) {
          if (!/_alg_values_supported$/.test(name)) continue;
          t.notOk(
            (value as string[]).some((alg) => /^(none|HS)/.test(alg)),
            `${path}: ${name}`,
          );
        }
      }
    },
  );

  await t.test(
    'is the same, whatever the caller says of host and scheme (RFC 8414 §3.3)',
    async (t) => {
      const forged: Said[] = [
        { host: 'evil.example' },
        { host: 'evil.example:1234' },
        { 'x-forwarded-host': 'evil.example' },
        { 'x-forwarded-proto': 'https' },
        { 'x-forwarded-port': '1' },
        { 'x-forwarded-prefix': '/evil', 'x-original-url': '/evil', 'x-rewrite-url': '/evil' },
        { forwarded: 'host=evil.example;proto=https' },
        { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      ];
      for (const path of DOCUMENTS) {
        const honest = await get(gatehouse, path);
        t.equal(honest.status, 200);
        for (const headers of forged) {
          const answer = await get(gatehouse, path, headers);
          t.equal(answer.body, honest.body, `${path} ${JSON.stringify(headers)}`);
        }
      }
      const url = '/oauth/authorize?client_id=nobody';
      for (const headers of forged) {
        const { body, headers: answered } = await get(gatehouse, url, headers);
        const about = `the endpoint itself ${JSON.stringify(headers)}`;
        t.notMatch(body + JSON.stringify(answered), /evil/, about);
      }
    },
  );

  await t.test(
    'is that of the issuer when it is not the address that listens (RFC 8414 §2)',
    async (t) => {
      const behind = await startGatehouse(t, { issuer: 'https://auth.example.com' });
      for (const path of DOCUMENTS) {
        const forged: Said[] = [{}, { host: 'evil.example' }, { 'x-forwarded-proto': 'http' }];
        for (const headers of forged) {
          const document = JSON.parse((await get(behind, path, headers)).body);
          t.equal(document.issuer, 'https://auth.example.com', path);
          t.equal(document.token_endpoint, 'https://auth.example.com/oauth/token', path);
          t.notMatch(JSON.stringify(document), /evil|127\.0\.0\.1|"http:/, path);
        }
      }
    },
  );
});

t.test('signing keys', async (t) => {
  const clock = { offsetMs: 0, now: () => new Date(Date.now() + clock.offsetMs) };
  const gatehouse = await startGatehouse(t, { clock });
  const { signingKeys } = gatehouse.oauth;
  const client = await registerClient(gatehouse);
  const service = await registerService(gatehouse);
  const user = await createUser(gatehouse);
  const issue = async () => {
    const answer = await token(gatehouse, service, { grant_type: 'client_credentials' });
    return answer.body.access_token!;
  };

  await t.test(
    'publishes public members only, and unique kids (RFC 7517 §4.5, §9.2)',
    async (t) => {
      await signingKeys.rotate({ kind: 'system' }, { force: true });
      const { keys } = await keysOf(gatehouse);
      t.ok(keys.length >= 3, 'previous, current and next');
      for (const key of keys) {
        for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']) {
          t.notOk(Object.hasOwn(key, member), `no ${member}`);
        }
        t.match(key, { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', kid: /^[\w-]{43}$/ });
      }
      t.equal(new Set(keys.map((key) => key.kid)).size, keys.length, 'kids are unique');
      t.equal(new Set(keys.map((key) => key.x)).size, keys.length, 'keys are unique');
    },
  );

  await t.test('may be cached for five minutes, and nothing else (RFC 9111 §5.2)', async (t) => {
    const { issuer } = gatehouse;
    const documents = ['openid-configuration', 'oauth-authorization-server'];
    const paths = ['/oauth/jwks', ...documents.map((name) => `/.well-known/${name}`)];
    for (const path of paths) {
      const { headers } = await fetch(`${issuer}${path}`);
      t.equal(headers.get('cache-control'), 'public, max-age=300', path);
      t.equal(headers.get('pragma'), null, path);
      const refused = await fetch(`${issuer}${path}`, { method: 'POST' });
      t.equal(refused.status, 405, path);
      t.equal(refused.headers.get('cache-control'), 'no-store', path);
    }
    for (const path of ['/oauth/userinfo', '/oauth/token', '/oauth/authorize', '/oauth/logout']) {
      const { headers } = await fetch(`${issuer}${path}`);
      t.match(headers.get('cache-control'), /no-store/, path);
    }
  });

  await t.test('publishes a key before it signs (RFC 7517 §4.5)', async (t) => {
    const before = await keysOf(gatehouse);
    const old = kidOf(await issue());
    await signingKeys.rotate({ kind: 'system' }, { force: true });
    const current = kidOf(await issue());
    t.not(current, old, 'another key signs');
    t.ok(
      before.keys.some(({ kid }) => kid === current),
      'that was published before',
    );
  });

  await t.test('old tokens verify until they expire (RFC 7517 §5, RFC 9068 §4)', async (t) => {
    const tokens = await obtainTokens(gatehouse, client, user);
    const old = kidOf(tokens.access_token);
    for (const count of [1, 2, 3]) {
      await signingKeys.rotate({ kind: 'system' }, { force: true });
      const about = `after ${count} rotations`;
      const jwks = await keysOf(gatehouse);
      t.ok(
        jwks.keys.some(({ kid }) => kid === old),
        `${about}: published`,
      );
      t.equal(new Set(jwks.keys.map(({ kid }) => kid)).size, jwks.keys.length, `${about}: unique`);
      const set = createLocalJWKSet(jwks);
      for (const jwt of [tokens.access_token, tokens.id_token as string, await issue()]) {
        const { payload } = await jwtVerify(jwt, set, { issuer: gatehouse.issuer });
        t.ok(payload.sub, `${about}: verified by an outsider`);
      }
      t.equal((await userinfo(gatehouse, tokens.access_token)).status, 200, `${about}: userinfo`);
      const inspected = await introspect(gatehouse, client, tokens.access_token);
      t.equal(inspected.body.active, true, `${about}: introspection`);
    }
  });

  await t.test('forgets a key when nothing it signed can be alive', async (t) => {
    t.teardown(() => {
      clock.offsetMs = 0;
    });
    const jwt = (await obtainTokens(gatehouse, client, user)).access_token;
    await signingKeys.rotate({ kind: 'system' }, { force: true });
    clock.offsetMs = 86_400_000;
    await signingKeys.rotateIfDue();
    t.ok(
      (await keysOf(gatehouse)).keys.some(({ kid }) => kid === kidOf(jwt)),
      'a day later: a platform file of yesterday may have given it that long',
    );
    clock.offsetMs = 86_400_000 + 301_000;
    await signingKeys.rotateIfDue();
    const { keys } = await keysOf(gatehouse);
    t.notOk(
      keys.some(({ kid }) => kid === kidOf(jwt)),
      'later',
    );
    t.equal((await userinfo(gatehouse, jwt)).status, 401, 'and its tokens are refused');
    t.equal(keys.length, 2, 'current and next are left');
  });

  await t.test('rotates in every process (decision 9)', async (t) => {
    const { connectionString } = gatehouse;
    const second = await startGatehouse(t, { connectionString });
    const jwt = await issue();
    await signingKeys.rotate({ kind: 'system' }, { force: true });
    const current = kidOf(await issue());
    const until = Date.now() + 1_000;
    const know = async () => (await keysOf(second)).keys.map(({ kid }) => kid);
    while (second.oauth.signingKeys.all[0]?.kid !== current && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    t.equal(second.oauth.signingKeys.all[0]?.kid, current, 'signs with the same key in a second');
    t.ok((await know()).includes(current), 'and publishes it');
    t.ok((await know()).includes(kidOf(jwt)), 'beside the one before');
  });
});
