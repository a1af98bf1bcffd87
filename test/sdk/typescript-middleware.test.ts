import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import t from 'tap';
import { missingScope } from '../../sdk/typescript/src/identity.ts';
import {
  createIdentityVerifier,
  type IdentityOptions,
  type Principal,
} from '../../sdk/typescript/src/index.ts';
import * as expressWare from '../../sdk/typescript/src/middleware/express.ts';
import * as fastifyWare from '../../sdk/typescript/src/middleware/fastify.ts';
import { type Case, readVectors } from './vectors.ts';

// Who is calling, at the API behind the gate: without a call to anybody but for the keys.

interface Input {
  header: 'assertion' | 'bearer';
  token: string;
  jwks?: string;
  requireScopes?: string[];
}

interface Expect {
  principal?: Principal;
  refused?: true;
  challenge?: string | null;
  forbidden?: true;
}

interface Step {
  at: number;
  token: string;
  jwks: string;
  result: 'ok' | 'refused' | 'unavailable';
  fetches: number;
  atOnce?: number;
}

const vectors = readVectors<{
  issuer: string;
  audience: string;
  now: number;
  keySets: Record<string, object>;
  cases: Case<Input, Expect>[];
  caching: { name: string; steps: Step[] }[];
}>('assertions');
const { issuer, audience } = vectors;

const headersOf = ({ header, token }: Input): Record<string, string> => {
  if (token === '') return {};
  return header === 'assertion'
    ? { 'x-gatehouse-assertion': token }
    : { authorization: `Bearer ${token}` };
};

/** Options with the vectors' clock and keys. */
const optionsFor = (jwks = 'both', more: Partial<IdentityOptions> = {}): IdentityOptions => ({
  ...{ issuer, audience, ...more },
  runtime: { now: () => vectors.now, fetch: async () => Response.json(vectors.keySets[jwks]) },
});

/** A good token of each sort. */
const tokenNamed = (name: string) =>
  vectors.cases.find((one) => one.name === name)?.input.token as string;
const ASSERTION = tokenNamed('an assertion');
const ACCESS_TOKEN = tokenNamed('an access token');

t.test('principal or refusal: assertions.json', async (t) => {
  for (const { name, input, expect } of vectors.cases) {
    const verdict = await createIdentityVerifier(optionsFor(input.jwks)).verify(headersOf(input));
    if (expect.refused) {
      t.notOk('principal' in verdict, name);
      if ('principal' in verdict) continue;
      const challenge = expect.challenge ? ` error="${expect.challenge}"` : '';
      t.equal(verdict.status, 401, name);
      t.equal(verdict.headers['www-authenticate'], `Bearer${challenge}`, name);
      if (input.token) t.notOk(JSON.stringify(verdict).includes(input.token), name);
      continue;
    }
    t.ok('principal' in verdict, name);
    if (!('principal' in verdict)) continue;
    if (expect.principal) t.same(verdict.principal, expect.principal, name);
    const scopes = input.requireScopes ?? [];
    const refusal = missingScope(verdict.principal, scopes);
    t.equal(refusal?.status, expect.forbidden ? 403 : undefined, name);
    if (refusal) {
      const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
      t.equal(refusal.headers['www-authenticate'], challenge, name);
    }
  }
});

t.test('how long keys are kept: caching of assertions.json', async (t) => {
  for (const { name, steps } of vectors.caching) {
    let [now, fetches, served] = [0, 0, ''];
    const verifier = createIdentityVerifier({
      ...{ issuer, audience },
      runtime: {
        now: () => vectors.now + now,
        fetch: async (url) => {
          fetches += 1;
          t.equal(String(url), `${issuer}/oauth/jwks`, name);
          if (served === 'down') throw new TypeError('fetch failed');
          return Response.json(vectors.keySets[served]);
        },
      },
    });
    for (const { at, token, jwks, result, fetches: expected, atOnce = 1 } of steps) {
      [now, served] = [at, jwks];
      const verdicts = await Promise.all(
        Array.from({ length: atOnce }, () => verifier.verify({ authorization: `Bearer ${token}` })),
      );
      for (const verdict of verdicts) {
        const came = 'principal' in verdict ? 'ok' : NAMES[verdict.status];
        t.equal(came, result, `${name}: at ${at}`);
      }
      t.equal(fetches, expected, `${name}: fetches at ${at}`);
    }
  }
});

const NAMES: Record<number, string> = { 401: 'refused', 503: 'unavailable' };

t.test('where there is an assertion, it alone counts', async (t) => {
  const verifier = createIdentityVerifier(optionsFor());
  const bearer = { authorization: `Bearer ${ACCESS_TOKEN}` };
  const both = await verifier.verify({ 'X-Gatehouse-Assertion': ASSERTION, ...bearer });
  t.match(both, { principal: { kind: 'api_key' } });
  const forged = await verifier.verify({ 'x-gatehouse-assertion': 'x.y.z', ...bearer });
  t.match(forged, { status: 401 }, 'a bad one is not made good by a token');
});

t.test('what is not accepted is not looked at', async (t) => {
  const only = (accept: 'assertion' | 'access_token') =>
    createIdentityVerifier(optionsFor('both', { accept: [accept] }));
  const bearer = { authorization: `Bearer ${ACCESS_TOKEN}` };
  t.match(await only('assertion').verify(bearer), { status: 401 });
  t.match(await only('access_token').verify({ 'x-gatehouse-assertion': ASSERTION }), {
    status: 401,
  });
});

t.test('two assertions in one request are none', async (t) => {
  const verifier = createIdentityVerifier(optionsFor());
  t.match(await verifier.verify({ 'x-gatehouse-assertion': [ASSERTION, ASSERTION] }), {
    status: 401,
  });
});

t.test('Fastify: every route below knows its caller, and scopes are asked for', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(fastifyWare.gatehouse, optionsFor());
  app.get('/who', async (request) => Reflect.get(request, 'principal'));
  const deleting = { onRequest: fastifyWare.requireScope('notes:delete') };
  app.delete('/notes', deleting, async () => 'deleted');
  app.get('/notes', { preHandler: fastifyWare.requireScope('notes:read') }, async () => 'notes');
  const ask = (method: 'GET' | 'DELETE', url: string, headers: Record<string, string> = {}) =>
    app.inject({ method, url, headers });
  const known = { 'x-gatehouse-assertion': ASSERTION };

  const who = await ask('GET', '/who', known);
  t.match(who.json(), { kind: 'api_key', id: 'key_1', organizationId: 'org_1' });
  t.equal((await ask('GET', '/notes', known)).body, 'notes');
  const forbidden = await ask('DELETE', '/notes', known);
  t.equal(forbidden.statusCode, 403);
  t.match(forbidden.headers['www-authenticate'], /insufficient_scope.*notes:delete/);
  const nobody = await ask('GET', '/who');
  t.equal(nobody.statusCode, 401);
  t.equal(nobody.headers['www-authenticate'], 'Bearer');
  t.equal(nobody.headers['cache-control'], 'no-store');
  const forged = await ask('GET', '/notes', { authorization: 'Bearer a.b.c' });
  t.equal(forged.statusCode, 401);
  const plain = await ask('GET', '/who', { 'x-gatehouse-subject': 'user_1' });
  t.equal(plain.statusCode, 401, 'headers that anybody can write say nothing');
});

t.test('Express: every route below knows its caller, and scopes are asked for', async (t) => {
  const app = express();
  app.use(expressWare.gatehouse(optionsFor()));
  app.get('/who', (request, response) => void response.json(Reflect.get(request, 'principal')));
  app.get('/notes', expressWare.requireScope('notes:read'), (_request, response) => {
    response.send('notes');
  });
  const notes = express.Router().use(expressWare.requireScope('notes:delete'));
  notes.delete('/', (_request, response) => void response.send('deleted'));
  app.use('/admin/notes', notes);
  const port = await listen(t, createServer(app));
  const known = { 'x-gatehouse-assertion': ASSERTION };

  const who = await ask(port, 'GET', '/who', known);
  t.match(JSON.parse(who.text), { kind: 'api_key', id: 'key_1', plan: 'pro' });
  t.equal((await ask(port, 'GET', '/notes', known)).text, 'notes');
  const byToken = await ask(port, 'GET', '/who', { authorization: `Bearer ${ACCESS_TOKEN}` });
  t.match(JSON.parse(byToken.text), { kind: 'access_token' });
  const forbidden = await ask(port, 'DELETE', '/admin/notes', known);
  t.equal(forbidden.status, 403);
  t.match(forbidden.headers['www-authenticate'], /insufficient_scope.*notes:delete/);
  const nobody = await ask(port, 'GET', '/who', {});
  t.match(nobody, { status: 401, headers: { 'www-authenticate': 'Bearer' } });
  t.equal(nobody.headers['cache-control'], 'no-store');
  t.match(JSON.parse(nobody.text), { error: 'missing_credential' });
  for (const path of ['/WHO', '/who/', '//who', '/%77ho', '/nowhere']) {
    t.equal((await ask(port, 'GET', path, {})).status, 401, path);
  }
  const forged = { authorization: 'Bearer a.b.c', 'x-gatehouse-subject': 'user_1' };
  t.equal((await ask(port, 'GET', '/who', forged)).status, 401);
  const twice = { 'x-gatehouse-assertion': [ASSERTION, ASSERTION] };
  t.equal((await ask(port, 'GET', '/who', twice)).status, 401, 'two assertions are none');
});

t.test('Express: nobody but the middleware says who calls', async (t) => {
  const app = express();
  app.use((request, _response, next) => {
    Reflect.set(request, 'principal', { id: 'forged', scopes: ['notes:read'] });
    next();
  });
  app.get('/notes', expressWare.gatehouse(optionsFor()), (request, response) => {
    response.json(Reflect.get(request, 'principal'));
  });
  const port = await listen(t, createServer(app));
  t.equal((await ask(port, 'GET', '/notes', {})).status, 401);
  const known = await ask(port, 'GET', '/notes', { 'x-gatehouse-assertion': ASSERTION });
  t.match(JSON.parse(known.text), { id: 'key_1' });
});

t.test('Express: a scope without the middleware before it lets nobody pass', async (t) => {
  const app = express();
  app.use(expressWare.requireScope('notes:read'));
  app.get('/notes', (_request, response) => void response.send('never'));
  const port = await listen(t, createServer(app));
  const known = { 'x-gatehouse-assertion': ASSERTION };
  t.equal((await ask(port, 'GET', '/notes', known)).status, 401);
});

t.test('Express: without keys the answer says when to come again', async (t) => {
  const app = express();
  app.use(expressWare.gatehouse(optionsFor('down')));
  app.get('/notes', (_request, response) => void response.send('never'));
  const port = await listen(t, createServer(app));
  const answer = await ask(port, 'GET', '/notes', { 'x-gatehouse-assertion': ASSERTION });
  t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ } });
});

t.test('no keys to be had is the issuer’s fault, not the caller’s', async (t) => {
  const fetch = async () => Response.json({ error: 'down' }, { status: 500 });
  const verifier = createIdentityVerifier({
    ...{ issuer, audience },
    runtime: { fetch, now: () => vectors.now },
  });
  const verdict = await verifier.verify({ 'x-gatehouse-assertion': ASSERTION });
  t.match(verdict, { status: 503, headers: { 'retry-after': /\d/ } });
});

t.test('without issuer or audience nothing starts', async (t) => {
  for (const options of [
    { issuer: '', audience },
    { issuer, audience: '' },
  ]) {
    t.throws(() => createIdentityVerifier(options), { name: 'ConfigurationError' });
  }
});

type Teardown = { teardown(work: () => Promise<unknown>): unknown };

async function listen(t: Teardown, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => server.close());
  return (server.address() as AddressInfo).port;
}

async function ask(port: number, method: string, path: string, headers: OutgoingHttpHeaders) {
  const to = { port, host: '127.0.0.1', method, path, headers, agent: false };
  const [answer] = (await once(httpRequest(to).end(), 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part;
  return { status: answer.statusCode, headers: answer.headers, text };
}
