import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import t, { type Test } from 'tap';
import type { GateContext } from '../../src/gate/context.ts';
import type { Principal } from '../../src/gate/principal.ts';
import {
  ASSERTION_TYPE,
  createUpstreamIdentity,
  IDENTITY_HEADERS,
  type IdentityHeaders,
} from '../../src/gate/upstream-identity.ts';
import { createTestClock } from '../support/clock.ts';
import { token } from '../support/flows.ts';
import { registerService, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';

const PRINCIPAL: Principal = {
  ...{ kind: 'api_key', id: 'key-1', subject: 'key-1', organizationId: 'org-1' },
  ...{ environment: 'live', scopes: new Set(['notes:read', 'notes:write']), limits: {} },
  identity: null,
};
const PLAN = { name: 'free', title: 'Free', modules: [], limits: {} };

/** A request that was let through, for a caller of its own unless the test has one. */
const letThrough = (more: Partial<GateContext> = {}) =>
  ({ principal: { ...PRINCIPAL }, organizationId: 'org-1', plan: PLAN, ...more }) as GateContext;

async function open(t: Test) {
  const clock = createTestClock();
  const gatehouse = await startGatehouse(t, { clock });
  const { issuer, platform, oauth } = gatehouse;
  const { signingKeys } = oauth;
  const identity = createUpstreamIdentity({ platform, issuer, signingKeys, clock });
  return { gatehouse, clock, identity };
}

async function verify({ address, issuer, platform }: TestGatehouse, assertion: string) {
  const jwks = (await (await fetch(`${address}/oauth/jwks`)).json()) as JSONWebKeySet;
  return jwtVerify(assertion, createLocalJWKSet(jwks), {
    ...{ issuer, audience: platform.api.identifier, typ: ASSERTION_TYPE, algorithms: ['ES256'] },
  });
}

const assertionIn = (headers: IdentityHeaders) => headers['x-gatehouse-assertion']!;

t.test('tells the upstream who calls, plain and in a JWT the JWKS verifies', async (t) => {
  const { gatehouse, identity } = await open(t);
  const headers = await identity.headersFor(letThrough());
  t.same(Object.keys(headers), [...IDENTITY_HEADERS], 'every header, always');
  t.match(headers, {
    'x-gatehouse-credential': 'api_key',
    'x-gatehouse-credential-id': 'key-1',
    'x-gatehouse-subject': 'key-1',
    'x-gatehouse-organization': 'org-1',
    'x-gatehouse-environment': 'live',
    'x-gatehouse-scopes': 'notes:read notes:write',
    'x-gatehouse-plan': 'free',
  });
  const { payload, protectedHeader } = await verify(gatehouse, assertionIn(headers));
  t.equal(protectedHeader.typ, 'gatehouse-assertion+jwt');
  t.match(payload, {
    ...{ iss: gatehouse.issuer, aud: 'https://api.notes.example', sub: 'key-1', jti: String },
    ...{ credential: 'api_key', credential_id: 'key-1', org_id: 'org-1', environment: 'live' },
    ...{ scope: 'notes:read notes:write', plan: 'free' },
  });
  t.equal(payload.exp! - payload.iat!, 60);
});

t.test('says nothing where there is nothing to say: empty headers, no claims', async (t) => {
  const { gatehouse, identity } = await open(t);
  const principal = {
    ...PRINCIPAL,
    ...{ organizationId: null, environment: null, scopes: new Set<string>() },
  };
  const headers = await identity.headersFor({
    ...letThrough({ principal, organizationId: null }),
    plan: undefined,
  } as GateContext);
  t.same(Object.keys(headers), [...IDENTITY_HEADERS]);
  for (const name of ['organization', 'environment', 'scopes', 'plan']) {
    t.equal(headers[`x-gatehouse-${name}`], '', name);
  }
  const { payload } = await verify(gatehouse, assertionIn(headers));
  for (const claim of ['org_id', 'environment', 'plan']) t.notOk(claim in payload, claim);
});

t.test('an assertion is no access token, nor the reverse (RFC 8725 §3.11)', async (t) => {
  const { gatehouse, identity } = await open(t);
  const assertion = assertionIn(await identity.headersFor(letThrough()));
  const { verifier } = gatehouse.oauth;
  t.equal(await verifier.verify(assertion), undefined);
  const decision = await gatehouse.gate.decide({
    ...{ method: 'GET', target: '/v1/notes', address: '192.0.2.1', requestId: 'req_test' },
    headers: { authorization: `Bearer ${assertion}` },
  });
  t.match(decision, { allowed: false, denial: { reason: 'invalid_token' } });
  const service = await registerService(gatehouse);
  const { body } = await token(gatehouse, service, { grant_type: 'client_credentials' });
  t.ok(await verifier.verify(body.access_token!));
  await t.rejects(verify(gatehouse, body.access_token!), {
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
  });
});

t.test('signs once for a caller: no waiting until half its life is over', async (t) => {
  const { clock, identity } = await open(t);
  const context = letThrough();
  const parallel = await Promise.all(
    Array.from({ length: 50 }, async () => identity.headersFor(context)),
  );
  t.equal(new Set(parallel.map(assertionIn)).size, 1, 'parallel callers share one signature');
  const [first] = parallel;
  t.equal(identity.headersFor({ ...context }), first, 'at hand, not a promise');
  clock.advance(25);
  t.equal(identity.headersFor(context), first);
  clock.advance(10);
  const later = await identity.headersFor(context);
  t.not(assertionIn(later), assertionIn(first!), 'a new one with a whole life before it');
  t.equal(identity.headersFor(context), later);
});

t.test('never says of one caller what was signed for another', async (t) => {
  const { gatehouse, identity } = await open(t);
  const context = letThrough();
  const before = await identity.headersFor(context);
  const promoted = await identity.headersFor({ ...context, plan: { ...PLAN, name: 'pro' } });
  t.equal(promoted['x-gatehouse-plan'], 'pro');
  t.match((await verify(gatehouse, assertionIn(promoted))).payload, { plan: 'pro' });
  const elsewhere = await identity.headersFor({ ...context, organizationId: 'org-2' });
  t.match((await verify(gatehouse, assertionIn(elsewhere))).payload, { org_id: 'org-2' });
  const other = await identity.headersFor(
    letThrough({ principal: { ...PRINCIPAL, id: 'key-2', subject: 'key-2' } }),
  );
  t.match((await verify(gatehouse, assertionIn(other))).payload, { sub: 'key-2' });
  t.match((await verify(gatehouse, assertionIn(before))).payload, { sub: 'key-1', plan: 'free' });
});

t.test('after a rotation the new key signs, and what the old one signed is good', async (t) => {
  const { gatehouse, identity } = await open(t);
  const { signingKeys } = gatehouse.oauth;
  const context = letThrough();
  const before = assertionIn(await identity.headersFor(context));
  t.equal(decodeProtectedHeader(before).kid, signingKeys.all[0]!.kid);
  await signingKeys.rotate({ kind: 'system' }, { force: true });
  const after = assertionIn(await identity.headersFor(context));
  t.equal(decodeProtectedHeader(after).kid, signingKeys.all[0]!.kid);
  t.not(decodeProtectedHeader(after).kid, decodeProtectedHeader(before).kid);
  t.ok(await verify(gatehouse, before));
  t.ok(await verify(gatehouse, after));
});

t.test('reserves every name an upstream could take for one of its own', async (t) => {
  const { identity } = await open(t);
  for (const name of [
    ...IDENTITY_HEADERS,
    ...['x-gatehouse-', 'x-gatehouse-anything', 'x_gatehouse_subject', 'x-gatehouse_subject'],
  ]) {
    t.equal(identity.isReserved(name), true, name);
  }
  for (const name of [
    'authorization',
    'x-gatehouse',
    'x-gatehouses-subject',
    'gatehouse-subject',
  ]) {
    t.equal(identity.isReserved(name), false, name);
  }
});
