import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

// Keys made for these vectors: they sign nothing else.
const KEYS = {
  first: {
    x: 'ijld1zr42ivuAV_z9RWl90ZADQsnpcVeCzZzyB81iXw',
    y: 'ghisPycHOpzds-zTAIpgTlscJWtX5Qayug2VJrbunxU',
    d: 'qcrVzDhC296PIfTSIVRDLXhP9m8W9VWybKBmyvHSt3s',
  },
  second: {
    x: 'ta2g8eI2H8s_3ZO0zxHp4vyH08Kr_IDPrrj0OfD6sbY',
    y: 'luOygKoxUgnQoBUqBeI0KZ55Y7AaWB-vYDcyikoCntM',
    d: 'pXQPi1nN9KEuz2N3PE-5oq7iAE6FjVcSg4WCfOfjBsI',
  },
  stranger: {
    x: '9D9XkUlIymNlqBaDcRyNNuZVygxaZRNArPngXO4_nVM',
    y: '935gKOyqXHSdCwD2P3HIWC4DmzDWx4gQuUxqAFCWup0',
    d: 'XeJJs1miUKlTzDSP_m951fvqXYFrcHA0hV6x09J-oUk',
  },
} as const;
type KeyName = keyof typeof KEYS;

const RSA = {
  kty: 'RSA',
  kid: 'rsa',
  use: 'sig',
  alg: 'RS256',
  n: '2bUTzzpPFyFGwgXQfSSA5602yu09q6SQLBWBoeVYf0YD3-TIg3L-aAuCMg0ZdvifCX88-fsk7j2Aul325yz3cg3ZJd2uBh6peVfYoIw9172xBzNezEuvY4Rg5L8IPFDpE48GeYIGLx_Uj5UfVCsUkBXzw9IiAm71l4QwqUUfEHKH5I5jCEEtt6HufQ8fNJaXQdU6z_55heibToGb9SN5Bkxt8UvGfdVRqbBj62wXKTKb1xbYxObvtBufCQ7qNoolKzW2i-rPcNb4Lf6TS0Rk_Vep739bqo27nQLSCXQRxkJ8Zxzg1bgIsN0glC6x5HIIyTX-2sFmUVSCk8xk57m93Q',
  e: 'AQAB',
};

const ISSUER = 'https://auth.example.com';
const AUDIENCE = 'https://api.example.com';
const NOW = 1795219200;

const ABOUT =
  'Tokens at the API behind the gate. header is where the token is: assertion (X-Gatehouse-Assertion, typ ' +
  'gatehouse-assertion+jwt) or bearer (Authorization: Bearer, typ at+jwt); each takes its own typ only. input.jwks names ' +
  'one of keySets (default both). Signatures are ES256 (raw 64 bytes), spelled canonically in base64url; kid is required. ' +
  'exp and iat are held against now with clockToleranceSeconds (5): exp + 5 <= now is refused, so is iat - 5 > now. ' +
  'expect.principal, or expect.refused: 401 with WWW-Authenticate: Bearer error="invalid_token" (without error= where ' +
  'there was no credential at all: expect.challenge says). expect.forbidden: 403, the principal lacks a scope of ' +
  'requireScopes; the challenge is Bearer error="insufficient_scope", scope="<those required>". A bearer token bound to a key (cnf) ' +
  'is refused. caching: one verifier over time; each step is a token (or several at once) at so many seconds since the ' +
  'beginning, when the key set named is what the server has (down: it cannot be reached). Keys are kept for 300 s. A kid ' +
  'that is not among them has the set fetched anew, at most once in 60 s (from one such fetch to the next; the first ' +
  'fetch of all does not count). While the set cannot be fetched the old one counts; without any, the answer is 503. ' +
  'result: ok, refused or unavailable; fetches: how many there were in all after the step.';

const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'user_1',
  jti: 'jti_1',
  iat: NOW - 10,
  exp: NOW + 50,
  credential: 'api_key',
  credential_id: 'key_1',
  org_id: 'org_1',
  environment: 'live',
  scope: 'notes:read notes:write',
  plan: 'pro',
};

const TOKEN_CLAIMS = {
  ...{ iss: ISSUER, aud: AUDIENCE, sub: 'user_1', client_id: 'client_1', jti: 'jti_2' },
  ...{ iat: NOW - 10, exp: NOW + 3600, scope: 'notes:read', org_id: 'org_1', grant_id: 'grant_1' },
};

const PRINCIPAL = {
  ...{ kind: 'api_key', id: 'key_1', subject: 'user_1', organizationId: 'org_1' },
  ...{ environment: 'live', scopes: ['notes:read', 'notes:write'], plan: 'pro' },
};

const OF_TOKEN = {
  ...{ kind: 'access_token', id: 'grant_1', subject: 'user_1', organizationId: 'org_1' },
  ...{ environment: null, scopes: ['notes:read'], plan: null },
};

const ASSERTION = 'gatehouse-assertion+jwt';

/** Signatures made before, by what they sign. */
type Known = Map<string, string>;

/** @param before the text of the file as it is */
export function assertions(before: string) {
  const known = signaturesIn(before);
  const make: Make = (claims, { key = 'first', ...header } = {}) => {
    const full = { alg: 'ES256', typ: ASSERTION, kid: key, ...header };
    return signed(known, full, claims, key);
  };
  const makeToken: Make = (claims, header = {}) => make(claims, { typ: 'at+jwt', ...header });
  return {
    about: ABOUT,
    issuer: ISSUER,
    audience: AUDIENCE,
    now: NOW,
    keySets: {
      both: { keys: [publicJwk('first'), publicJwk('second'), RSA] },
      first: { keys: [publicJwk('first')] },
      second: { keys: [publicJwk('second')] },
    },
    cases: [
      ...taken(make, makeToken),
      ...refusedClaims(make, makeToken),
      ...refusedForms(make),
      ...scopes(make),
      ...noCredential(),
    ],
    caching: caching(makeToken),
  };
}

type Make = (claims: object, header?: { key?: KeyName } & Record<string, unknown>) => string;

const REFUSED = { refused: true, challenge: 'invalid_token' };

const assertion = (name: string, token: string, expect: object, more: object = {}) => ({
  ...{ name, input: { header: 'assertion', token, ...more }, expect },
});

const bearer = (name: string, token: string, expect: object, more: object = {}) => ({
  ...{ name, input: { header: 'bearer', token, ...more }, expect },
});

function taken(make: Make, makeToken: Make) {
  const { org_id: _o, environment: _e, plan: _p, ...bare } = CLAIMS;
  const { grant_id: _g, org_id: _i, ...ofClient } = { ...TOKEN_CLAIMS, sub: 'client_1' };
  const nothing = { ...PRINCIPAL, organizationId: null, environment: null, plan: null };
  const client = { ...OF_TOKEN, id: 'client_1', subject: 'client_1', organizationId: null };
  const several = { ...CLAIMS, aud: ['https://else.example.com', AUDIENCE] };
  const { scope: _s, ...noScope } = TOKEN_CLAIMS;
  return [
    assertion('an assertion', make(CLAIMS), { principal: PRINCIPAL }),
    assertion('by the second key', make(CLAIMS, { key: 'second' }), { principal: PRINCIPAL }),
    assertion('without what has no value', make(bare), { principal: nothing }),
    assertion('with several audiences', make(several), { principal: PRINCIPAL }),
    assertion('3 s past its end', make({ ...CLAIMS, exp: NOW - 3 }), { principal: PRINCIPAL }),
    assertion('3 s before its time', make({ ...CLAIMS, iat: NOW + 3 }), { principal: PRINCIPAL }),
    assertion('without scopes', make({ ...CLAIMS, scope: '' }), {
      principal: { ...PRINCIPAL, scopes: [] },
    }),
    bearer('an access token', makeToken(TOKEN_CLAIMS), { principal: OF_TOKEN }),
    bearer("a client's own access token", makeToken(ofClient), { principal: client }),
    bearer('an access token without scope', makeToken(noScope), {
      principal: { ...OF_TOKEN, scopes: [] },
    }),
  ];
}

function refusedClaims(make: Make, makeToken: Make) {
  const without = (name: keyof typeof CLAIMS) => {
    const { [name]: _, ...rest } = CLAIMS;
    return rest;
  };
  const changed = (more: object) => make({ ...CLAIMS, ...more });
  const bound = { ...TOKEN_CLAIMS, cnf: { jkt: 'Q2xpZW50cyBrZXkgdGh1bWJwcmludCBvZiAzMiBieXQ' } };
  const wrong = { aud: 'https://else.example.com' };
  return [
    assertion('of another issuer', changed({ iss: 'https://auth.example.org' }), REFUSED),
    assertion('of an issuer with a slash more', changed({ iss: `${ISSUER}/` }), REFUSED),
    assertion('for another audience', changed(wrong), REFUSED),
    assertion('for the beginning of the audience', changed({ aud: 'https://api' }), REFUSED),
    assertion('expired 5 s ago', changed({ exp: NOW - 5 }), REFUSED),
    assertion('issued in a minute', changed({ iat: NOW + 60, exp: NOW + 120 }), REFUSED),
    assertion('an exp that is text', changed({ exp: String(NOW + 50) }), REFUSED),
    ...(['iss', 'aud', 'exp', 'sub', 'credential', 'credential_id'] as const).map((name) =>
      assertion(`without ${name}`, make(without(name)), REFUSED),
    ),
    assertion('a subject that is no text', changed({ sub: 7 }), REFUSED),
    assertion('an access token as assertion', makeToken(TOKEN_CLAIMS), REFUSED),
    bearer('an assertion as access token', make(CLAIMS), REFUSED),
    bearer('an ID token', makeToken(TOKEN_CLAIMS, { typ: 'JWT' }), REFUSED),
    bearer(
      'an access token for another audience',
      makeToken({ ...TOKEN_CLAIMS, ...wrong }),
      REFUSED,
    ),
    bearer('an access token bound to a key', makeToken(bound), REFUSED),
    bearer('an expired access token', makeToken({ ...TOKEN_CLAIMS, exp: NOW - 60 }), REFUSED),
    bearer('an API key', 'notes_live_abcdefghijkl', REFUSED),
  ];
}

function refusedForms(make: Make) {
  const good = make(CLAIMS);
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  const flipped = Buffer.from(bytes);
  flipped[10] = flipped[10]! ^ 1;
  const parts = (...all: (string | Buffer)[]) =>
    all.map((part) => (typeof part === 'string' ? part : part.toString('base64url'))).join('.');
  const none = encoded({ alg: 'none', typ: ASSERTION, kid: 'first' });
  const promoted = encoded({ ...CLAIMS, org_id: 'org_2' });
  // Four bits of its last character mean nothing, so that another character decodes alike.
  const twin = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(85) + 1);
  return [
    assertion('signed by a stranger', make(CLAIMS, { key: 'stranger', kid: 'first' }), REFUSED),
    assertion('of an unknown kid', make(CLAIMS, { key: 'stranger' }), REFUSED),
    assertion('without kid', make(CLAIMS, { kid: undefined }), REFUSED),
    assertion('the kid of an RSA key', make(CLAIMS, { kid: 'rsa' }), REFUSED),
    assertion('another alg in its header', make(CLAIMS, { alg: 'HS256' }), REFUSED),
    assertion('without alg', make(CLAIMS, { alg: undefined }), REFUSED),
    assertion('alg none', parts(none, payload, ''), REFUSED),
    assertion('a critical extension', make(CLAIMS, { crit: ['b64'], b64: true }), REFUSED),
    assertion('without typ', make(CLAIMS, { typ: undefined }), REFUSED),
    assertion('a changed payload', parts(header, promoted, signature), REFUSED),
    assertion('a changed signature', parts(header, payload, flipped), REFUSED),
    assertion('a signature cut short', parts(header, payload, bytes.subarray(0, 63)), REFUSED),
    assertion('a signature spelled otherwise', parts(header, payload, twin), REFUSED),
    assertion('no signature', `${header}.${payload}.`, REFUSED),
    assertion('two parts', `${header}.${payload}`, REFUSED),
    assertion('four parts', `${good}.${signature}`, REFUSED),
    assertion('no JSON inside', make('text' as unknown as object), REFUSED),
    assertion('no JWT at all', 'nonsense', REFUSED),
    assertion('padding', `${header}.${payload}.${signature}==`, REFUSED),
  ];
}

function scopes(make: Make) {
  const need = (...requireScopes: string[]) => ({ requireScopes });
  const token = make(CLAIMS);
  return [
    assertion('has the scope', token, { principal: PRINCIPAL }, need('notes:read')),
    assertion('has both', token, { principal: PRINCIPAL }, need('notes:write', 'notes:read')),
    assertion('lacks the scope', token, { forbidden: true }, need('notes:delete')),
    assertion('lacks one of two', token, { forbidden: true }, need('notes:read', 'notes:delete')),
    assertion('has only a longer one', token, { forbidden: true }, need('notes:rea')),
  ];
}

const noCredential = () => [
  assertion('no header', '', { refused: true, challenge: null }),
  bearer('no authorization', '', { refused: true, challenge: null }),
];

function caching(makeToken: Make) {
  const claims = { ...TOKEN_CLAIMS, exp: NOW + 86_400 };
  const first = makeToken(claims);
  const second = makeToken(claims, { key: 'second' });
  const stranger = makeToken(claims, { key: 'stranger' });
  const step = (
    at: number,
    token: string,
    jwks: string,
    result: string,
    fetches: number,
    more = {},
  ) => ({
    ...{ at, token, jwks, result, fetches, ...more },
  });
  return [
    {
      name: 'one fetch serves 300 s',
      steps: [
        step(0, first, 'first', 'ok', 1),
        step(299, first, 'first', 'ok', 1),
        step(301, first, 'first', 'ok', 2),
      ],
    },
    {
      name: 'ten at once share one fetch',
      steps: [step(0, first, 'first', 'ok', 1, { atOnce: 10 })],
    },
    {
      name: 'a new key is found at once',
      steps: [step(0, first, 'first', 'ok', 1), step(1, second, 'both', 'ok', 2)],
    },
    {
      name: 'strangers cause one fetch a minute',
      steps: [
        step(0, first, 'first', 'ok', 1),
        step(1, stranger, 'first', 'refused', 2),
        step(2, stranger, 'first', 'refused', 2, { atOnce: 10 }),
        step(60, stranger, 'first', 'refused', 2),
        step(62, stranger, 'first', 'refused', 3),
      ],
    },
    {
      name: 'a key that was taken away is good for 300 s at most',
      steps: [step(0, first, 'first', 'ok', 1), step(301, first, 'second', 'refused', 3)],
    },
    {
      name: 'old keys count while the server is away',
      steps: [step(0, first, 'first', 'ok', 1), step(301, first, 'down', 'ok', 2)],
    },
    {
      name: 'without any keys nobody can tell',
      steps: [step(0, first, 'down', 'unavailable', 1), step(1, first, 'first', 'ok', 2)],
    },
  ];
}

// --- Keys and signatures ---------------------------------------------------------------------------------

const privateJwk = (name: KeyName) => ({ kty: 'EC', crv: 'P-256', ...KEYS[name] });

function publicJwk(name: KeyName) {
  const { x, y } = KEYS[name];
  return { kty: 'EC', crv: 'P-256', x, y, kid: name, use: 'sig', alg: 'ES256' };
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(known: Known, header: object, claims: unknown, key: KeyName): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  const before = known.get(`${input} ${key}`);
  if (before) return `${input}.${before}`;
  const signer = createPrivateKey({ key: privateJwk(key), format: 'jwk' });
  const made = sign('sha256', Buffer.from(input), { key: signer, dsaEncoding: 'ieee-p1363' });
  const signature = made.toString('base64url');
  known.set(`${input} ${key}`, signature);
  return `${input}.${signature}`;
}

/** Every good signature in the text, by what it signs and who. */
function signaturesIn(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [token] of text.matchAll(/[\w-]+\.[\w-]+\.[\w-]{86}(?=")/g)) {
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const input = `${header}.${payload}`;
    const bytes = Buffer.from(signature, 'base64url');
    if (bytes.toString('base64url') !== signature) continue;
    const by = (Object.keys(KEYS) as KeyName[]).find((name) => {
      const key = createPublicKey({ key: publicJwk(name), format: 'jwk' });
      return verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, bytes);
    });
    if (by) found.set(`${input} ${by}`, signature);
  }
  return found;
}
