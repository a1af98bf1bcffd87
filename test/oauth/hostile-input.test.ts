import { connect } from 'node:net';
import t from 'tap';
import { refresh, token } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { HOSTILE_BODIES } from '../support/hostile-bodies.ts';
import { basic, FORM, type RawAnswer, rawRequest } from '../support/raw-request.ts';
import { createSignedIn } from '../support/signed-in.ts';

// What no honest client sends. Whatever comes: a clean refusal in the words of the protocol.

const gatehouse = await startGatehouse(t);
const service = await registerService(gatehouse);
const app = await registerClient(gatehouse);
const proof = basic(service.clientId, service.secret);
const GRANT = 'grant_type=client_credentials';
const url = (path: string) => `${gatehouse.issuer}${path}`;
const MACHINE = ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/par'];

function refusesCleanly(t: Test, name: string, answer: RawAnswer): void {
  t.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`);
  t.match(answer.headers['content-type'], 'application/json', name);
  t.match(answer.json, { error: String, error_description: String }, name);
  t.equal(answer.headers['cache-control'], 'no-store', name);
  t.notOk('set-cookie' in answer.headers, name);
  t.notOk(/node_modules|at .*\.[jt]s:\d|postgres|invalid byte/i.test(answer.text), name);
}

type Test = Pick<typeof t, 'ok' | 'notOk' | 'match' | 'equal'>;

t.test('the token endpoint takes POST only (RFC 6749 §3.2)', async (t) => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const query = `?${GRANT}&client_id=${service.clientId}&client_secret=${service.secret}`;
    const answer = await rawRequest(url(`/oauth/token${query}`), { method, headers: proof });
    t.equal(answer.status, 405, method);
    t.equal(answer.headers.allow, 'POST');
    refusesCleanly(t, method, answer);
  }
  for (const method of ['HEAD', 'TRACE', 'PROPFIND']) {
    const { status } = await rawRequest(url('/oauth/token'), { method });
    t.ok([404, 405].includes(status), `${method}: ${status}`);
  }
  t.notOk(gatehouse.logLines.join('\n').includes(service.secret));
});

t.test('answers are not stored, refused or not (RFC 6749 §5.1)', async (t) => {
  const right = await rawRequest(url('/oauth/token'), {
    headers: { ...FORM, ...proof },
    body: GRANT,
  });
  t.equal(right.status, 200);
  const wrong = await rawRequest(url('/oauth/token'), { headers: FORM, body: GRANT });
  const denied = await rawRequest(url('/oauth/token'), {
    headers: { ...FORM, ...basic('x', 'y') },
  });
  for (const { status, headers } of [right, wrong, denied]) {
    t.equal(headers['cache-control'], 'no-store', String(status));
    t.equal(headers.pragma, 'no-cache', String(status));
    t.match(headers['content-type'], 'application/json', String(status));
  }
});

t.test('errors are JSON, also for who prefers HTML (RFC 6749 §5.2)', async (t) => {
  const java = 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2';
  for (const accept of ['text/html', java, 'text/html,*/*;q=0.8', 'image/png', '']) {
    for (const path of MACHINE) {
      const answer = await rawRequest(url(path), { headers: { ...FORM, accept }, body: 'x=y' });
      t.equal(answer.status, 401, path);
      refusesCleanly(t, `${path} for ${accept}`, answer);
    }
  }
});

t.test('refuses every parameter that comes twice (RFC 6749 §3.2)', async (t) => {
  const forms = [
    `${GRANT}&${GRANT}`,
    `${GRANT}&grant_type=password`,
    `${GRANT}&scope=notes:read&scope=notes:write`,
    `${GRANT}&scope=&scope=notes:read`,
    `${GRANT}&client_id=${service.clientId}&client_id=${service.clientId}`,
  ];
  for (const body of forms) {
    const answer = await rawRequest(url('/oauth/token'), { headers: { ...FORM, ...proof }, body });
    refusesCleanly(t, body, answer);
    t.equal(answer.json.error, 'invalid_request', body);
  }
  const code = 'grant_type=authorization_code&redirect_uri=https://app.example.com/callback';
  const repeated = [
    `${code}&code=a&code=b`,
    `${code}&code=a&redirect_uri=https://evil.example`,
    `${code}&code=a&code_verifier=${'v'.repeat(43)}&code_verifier=${'w'.repeat(43)}`,
    'grant_type=refresh_token&refresh_token=a&refresh_token=b',
    'grant_type[]=refresh_token&refresh_token=a',
  ];
  for (const body of repeated) {
    const headers = { ...FORM, ...basic(app.clientId, app.secret) };
    const answer = await rawRequest(url('/oauth/token'), { headers, body });
    refusesCleanly(t, body, answer);
    t.equal(answer.json.error, 'invalid_request', body);
  }
});

for (const path of MACHINE) {
  t.test(`${path} refuses bodies that are no form (RFC 6749 §3.2)`, async (t) => {
    for (const [name, headers, body] of HOSTILE_BODIES) {
      for (const identity of [proof, {}]) {
        const answer = await rawRequest(url(path), { headers: { ...headers, ...identity }, body });
        refusesCleanly(t, name, answer);
      }
    }
  });
}

t.test('reads a form that comes in chunks, and not one that is too long', async (t) => {
  const headers = { ...FORM, ...proof };
  const chunks = [...GRANT].map(String);
  const small = await rawRequest(url('/oauth/token'), { headers, body: chunks });
  t.equal(small.status, 200);
  const { access_token } = small.json;
  const parts = ['token=', ...String(access_token).match(/.{1,40}/g)!];
  const asked = await rawRequest(url('/oauth/introspect'), { headers, body: parts });
  t.equal(asked.json.active, true);
  const endless = ['grant_type=', ...Array(10).fill('x'.repeat(10_000))];
  for (const path of MACHINE) {
    refusesCleanly(t, path, await rawRequest(url(path), { headers, body: endless }));
  }
});

t.test('reads UTF-8, whatever charset is named (RFC 6749 Appendix B)', async (t) => {
  const types = ['; charset=utf-8', ';charset=UTF-16', '; charset="nonsense"', ' ; a=b'];
  for (const suffix of types) {
    for (const type of [FORM['content-type'], FORM['content-type'].toUpperCase()]) {
      const headers = { 'content-type': `${type}${suffix}`, ...proof };
      const answer = await rawRequest(url('/oauth/token'), { headers, body: GRANT });
      t.equal(answer.status, 200, `${type}${suffix}`);
    }
  }
});

t.test('unknown parameters are ignored, whatever their names (RFC 6749 §3.2)', async (t) => {
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'hasOwnProperty',
    'jti',
    'sub',
    'toString',
  ];
  const extra = names.map((name) => `${name}=x`).join('&');
  const headers = { ...FORM, ...proof };
  const answer = await rawRequest(url('/oauth/token'), { headers, body: `${GRANT}&${extra}` });
  t.equal(answer.status, 200);
  t.equal(({} as Record<string, unknown>).x, undefined);
  t.same(Object.keys(answer.json).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
});

t.test('a request that breaks off harms nobody', async (t) => {
  const { port } = new URL(gatehouse.issuer);
  const head = 'POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n';
  const type = 'Content-Type: application/x-www-form-urlencoded\r\n\r\n';
  for (const path of ['token', 'introspect', 'userinfo']) {
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => {});
    socket.write(head.replace('token', path) + type + GRANT);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
  }
  const answer = await token(gatehouse, service, { grant_type: 'client_credentials' });
  t.equal(answer.status, 200);
});

t.test('only the origins of its own app may read an answer (Fetch, CORS protocol)', async (t) => {
  const native = await registerClient(gatehouse, {
    tokenEndpointAuthMethod: 'none',
    redirectUris: ['https://spa.example.com/callback', 'com.example.spa:/callback'],
  });
  const person = createSignedIn(gatehouse, await createUser(gatehouse));
  const tokens = await person.tokens(native);
  const body = (value: string) =>
    `grant_type=refresh_token&refresh_token=${value}&client_id=${native.clientId}`;
  // The origin of a sandboxed frame is "null", and so is that of a private-use redirect URI.
  const strangers = [
    'https://evil.example',
    'https://spa.example.com.evil.example',
    'null',
    'file://',
  ];
  const custom = ['com.example.spa:', 'com.example.spa://', 'com.example.spa:/callback'];
  for (const origin of [
    ...strangers,
    ...custom,
    'http://spa.example.com',
    'https://spa.example.com:444',
  ]) {
    const headers = { ...FORM, origin };
    const answer = await rawRequest(url('/oauth/token'), {
      headers,
      body: body(tokens.refresh_token),
    });
    t.equal(answer.status, 400, origin);
    t.equal(answer.headers['access-control-allow-origin'], undefined, origin);
    t.notOk(answer.json.access_token, origin);
  }
  const headers = { ...FORM, origin: 'https://spa.example.com' };
  const own = await rawRequest(url('/oauth/token'), { headers, body: body(tokens.refresh_token) });
  t.equal(own.status, 200);
  t.equal(own.headers['access-control-allow-origin'], 'https://spa.example.com');
  t.equal(own.headers['access-control-allow-credentials'], undefined);
});

t.test('a preflight is answered, and allows no credentials (Fetch, CORS protocol)', async (t) => {
  const headers = {
    origin: 'https://spa.example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };
  for (const path of [...MACHINE.slice(0, 3), '/oauth/userinfo', '/oauth/jwks']) {
    const answer = await rawRequest(url(path), { method: 'OPTIONS', headers });
    t.equal(answer.status, 204, path);
    t.ok(answer.headers['access-control-allow-origin'], path);
    t.equal(answer.headers['access-control-allow-credentials'], undefined, path);
    const plain = await rawRequest(url(path), { method: 'OPTIONS' });
    t.ok(plain.status < 500, `${path} without Origin: ${plain.status}`);
  }
  const authorize = await rawRequest(url('/oauth/authorize'), { method: 'OPTIONS', headers });
  t.equal(authorize.headers['access-control-allow-origin'], undefined);
});

t.test('OPTIONS that is no preflight says what is allowed (RFC 9110 §9.3.7)', async (t) => {
  for (const path of [...MACHINE, '/oauth/jwks']) {
    for (const headers of [{}, { origin: 'https://spa.example.com' }, FORM] as Record<
      string,
      string
    >[]) {
      const answer = await rawRequest(url(path), { method: 'OPTIONS', headers, body: 'a=b' });
      t.match(answer, { status: 204, text: '' }, path);
      t.equal(answer.headers.allow, path === '/oauth/jwks' ? 'GET' : 'POST', path);
      t.equal(answer.headers['access-control-allow-origin'], undefined, path);
    }
  }
});

t.test('refresh tokens and codes are compared as they stand, without normalising', async (t) => {
  const person = createSignedIn(gatehouse, await createUser(gatehouse));
  const { refresh_token } = await person.tokens(app);
  const spellings = [
    ` ${refresh_token}`,
    `${refresh_token} `,
    `${refresh_token}\n`,
    `${refresh_token}\0`,
  ];
  for (const spelling of [...spellings, refresh_token.toLowerCase().toUpperCase()]) {
    t.match(await refresh(gatehouse, app, spelling), {
      status: 400,
      body: { error: 'invalid_grant' },
    });
  }
  t.equal((await refresh(gatehouse, app, refresh_token)).status, 200);
});

t.test('nothing of all this was an error of the server', async (t) => {
  const errors = gatehouse.logLines
    .map((line) => JSON.parse(line) as { level: number; status?: number; msg: string })
    .filter(({ level, status }) => level >= 50 || (status ?? 0) >= 500);
  t.same(errors, []);
});
