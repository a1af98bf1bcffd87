import t from 'tap';
import { openHouse } from './house.ts';
import { pathOf, SAMPLES } from './samples.ts';

// Walks every operation of the OpenAPI document: one that is added has to say here how it succeeds, and is
// held to everything else as it is. That answers are as documented is checked by the house at every call.

const house = await openHouse(t);
t.test('the document describes every operation, once and whole', async (t) => {
  const { document, operations } = house;
  t.equal(document.openapi, '3.1.0');
  t.strictSame(document.servers, [{ url: house.issuer }]);
  t.strictSame(document.security, [{ adminKey: [] }, { credential: [] }, { 'x-api-key': [] }]);
  t.match(document.components.securitySchemes, {
    adminKey: { type: 'http', scheme: 'bearer' },
    credential: { type: 'http', scheme: 'bearer' },
    'x-api-key': { type: 'apiKey', in: 'header', name: 'x-api-key' },
  });
  t.strictSame(operations.map((one) => one.operationId).sort(), Object.keys(SAMPLES).sort());
  for (const operation of operations) {
    t.match(operation.path, /^\/(manage\/v1|gate)\//);
    t.ok(operation.summary, operation.operationId);
    const security = operation.security ?? document.security;
    t.strictSame(security[0], { adminKey: [] }, 'no operation goes without a credential');
    t.ok(security.every((each) => Object.keys(each).length === 1));
    t.match(operation.responses, { 401: {}, 500: {}, 503: {} });
    const inPath = operation.path.match(/\{\w+\}/g)?.length ?? 0;
    t.equal(operation.parameters.filter((each) => each.in === 'path').length, inPath);
    for (const [status, response] of Object.entries(operation.responses)) {
      t.ok(response.description !== 'Default Response', `${operation.operationId} ${status}`);
      const types = Object.keys(response.content ?? {});
      const expected = Number(status) >= 400 ? ['application/problem+json'] : ['application/json'];
      t.strictSame(types, status === '204' ? [] : expected);
    }
  }
  const optional = operations.filter((one) => one.requestBody && !one.requestBody.required);
  t.same(
    optional.map((one) => one.operationId),
    ['rotateClientSecret', 'rotateSigningKeys'],
  );
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    t.ok(document.components.schemas[name!], `${name} is there to refer to`);
  }
  t.notMatch(text, /"\$ref":"(?!#\/components\/schemas\/)/, 'nothing outside is referred to');
});

for (const operation of house.operations) {
  const { operationId, method } = operation;

  t.test(`${operationId} succeeds as documented`, async (t) => {
    const sample = await SAMPLES[operationId]!(house);
    const answer = await house.call(method, pathOf(operation, sample), sample.body);
    t.equal(answer.status, sample.status, answer.text);
    t.ok(operation.responses[sample.status], 'the status is in the document');
  });

  t.test(`${operationId} without a credential, or with a wrong one, is 401`, async (t) => {
    const { params, query, body } = await SAMPLES[operationId]!(house);
    const path = pathOf(operation, { params, query });
    const credentials = [null, 'Bearer', 'Bearer wrong', `Bearer ${house.adminKey}x`];
    for (const authorization of [...credentials, `Basic ${house.adminKey}`, house.adminKey]) {
      const answer = await house.call(method, path, body, { authorization });
      t.match(answer, { status: 401, body: { code: 'unauthenticated' } });
      const challenge = String(answer.headers['www-authenticate']);
      t.match(challenge, /^Bearer realm="management"/);
      t.equal(challenge.includes('error="invalid_token"'), authorization !== null);
    }
  });

  if (operation.path.includes('{')) {
    t.test(`${operationId} of what isn't there is 404`, async (t) => {
      const { query, body } = await SAMPLES[operationId]!(house);
      const sql = encodeURIComponent("' OR true --");
      for (const id of ['unknown', '%00', sql, '..%2F..', 'x'.repeat(90), '%F0%9F%98%80']) {
        const params = Object.fromEntries(operation.parameters.map((each) => [each.name, id]));
        const answer = await house.call(method, pathOf(operation, { params, query }), body);
        t.match(answer, { status: 404, body: { code: 'not_found' } });
      }
    });
  }

  if (operation.requestBody) {
    t.test(`${operationId} refuses wrong bodies`, async (t) => {
      const sample = await SAMPLES[operationId]!(house);
      const path = pathOf(operation, sample);
      const stranger = { ...(sample.body as object), is_admin: true };
      const unknown = await house.call(method, path, stranger);
      t.match(unknown, { status: 400, body: { code: 'validation_failed' } });
      t.match(unknown.body.errors, [{ in: 'body', path: 'is_admin', found: /unknown member/ }]);
      for (const body of [[], 'text', 7, true]) {
        const answer = await house.call(method, path, body);
        t.match(answer, { status: 400, body: { errors: [{ in: 'body', path: '' }] } });
      }
      const malformed = await house.call(method, path, undefined, { raw: '{"name":' });
      t.match(malformed, { status: 400, body: { code: 'malformed_request' } });
    });
  }

  if (method === 'GET') {
    t.test(`${operationId} refuses unknown query parameters, if it has any`, async (t) => {
      if (!operation.parameters.some((each) => each.in === 'query')) return;
      const answer = await house.get(pathOf(operation, { query: 'nonsense=1' }));
      t.equal(answer.status, 400);
      t.match(answer.body.errors.at(-1), { in: 'query', path: 'nonsense' });
    });
  }
}
