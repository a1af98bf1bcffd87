import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { HostileRequest } from './hostile-requests.ts';
import { formBody } from './hostile-tokens.ts';
import { type Dice, HOSTILE_TEXTS, hostileValue, METHODS, nested } from './hostile-values.ts';

// JWTs as authorization grants (RFC 7523 §2.1) of which most were never signed by whom they name.

/** An assertion, and whether it may be worth a token. */
interface Assertion {
  text: string;
  /** Not by the account, or not for us, or not now: whoever takes it has been fooled. */
  isForged: boolean;
}

/** A request of which it is known whether its assertion was forged. */
export interface AssertionRequest extends HostileRequest {
  isForged: boolean;
}

type Json = Record<string, unknown>;

const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url');

/** A key pair that signs at once (ES256). */
export function createSigningPair(kid: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    kid,
    privateKey,
    publicKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256' },
  };
}

const signed = (header: string, payload: string, key: KeyObject) => {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${base64url(signature)}`;
};

const KID_TRICKS: readonly unknown[] = [
  ...['../../../../dev/null', '/dev/null', "' UNION SELECT 'x", '\0', '', '0', 'http://x/jwks'],
  ...[null, 0, [], {}, ['a'], { toString: 'x' }, '__proto__', 'constructor', 'x'.repeat(3_000)],
];

/**
 * @param deps.issuer a right audience
 * @param deps.pair the account's own, registered
 */
export function createAssertions(
  dice: Dice,
  deps: { accountId: string; issuer: string; pair: ReturnType<typeof createSigningPair> },
) {
  const { accountId, issuer, pair } = deps;
  const stranger = createSigningPair(pair.kid);
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  let count = 0;

  const rightHeader = (): Json => ({ alg: 'ES256', kid: pair.kid });
  function rightClaims(): Json {
    const now = Math.floor(Date.now() / 1000);
    count += 1;
    const jti = `assertion-${count}-${dice.below(1e9)}`;
    return { iss: accountId, sub: accountId, aud: issuer, iat: now, exp: now + 60, jti };
  }
  const byOwner = (header: Json, claims: Json) =>
    signed(JSON.stringify(header), JSON.stringify(claims), pair.privateKey);

  const kinds: Record<string, () => Assertion> = {
    right: () => ({ text: byOwner(rightHeader(), rightClaims()), isForged: false }),
    unsigned: () => {
      const alg = dice.oneOf(['none', 'None', 'nOnE', 'NONE', '', ' none', null, undefined, 0]);
      const head = base64url(JSON.stringify({ ...rightHeader(), alg }));
      const tail = dice.oneOf(['', '.', '.AA', '.bm9uZQ', `.${base64url('x'.repeat(64))}`]);
      return { text: `${head}.${base64url(JSON.stringify(rightClaims()))}${tail}`, isForged: true };
    },
    'HMAC with the public key': () => {
      const secret = dice.oneOf([publicPem, publicPem.trim(), JSON.stringify(pair.jwk), '']);
      const alg = dice.oneOf(['HS256', 'HS384', 'HS512', 'hs256']);
      const input = [{ ...rightHeader(), alg }, rightClaims()].map((part) =>
        base64url(JSON.stringify(part)),
      );
      const hash = alg.toLowerCase().replace('hs', 'sha');
      const mac = createHmac(hash, secret).update(input.join('.')).digest();
      return { text: [...input, base64url(mac)].join('.'), isForged: true };
    },
    'a stranger’s key': () => {
      const extra = dice.oneOf<Json>([
        ...[{}, { jwk: stranger.jwk }, { jku: 'http://169.254.169.254/jwks' }, { kid: undefined }],
        ...[{ x5u: 'file:///etc/passwd' }, { x5c: ['AA=='] }, { kid: dice.oneOf(KID_TRICKS) }],
      ]);
      const header = JSON.stringify({ ...rightHeader(), ...extra });
      const text = signed(header, JSON.stringify(rightClaims()), stranger.privateKey);
      return { text, isForged: true };
    },
    'another algorithm or kid': () => {
      const wrong = dice.oneOf<Json>([
        { alg: dice.oneOf(['RS256', 'PS256', 'ES384', 'EdDSA', 'es256', 'ES256K', 'dir']) },
        ...[{ alg: hostileValue(dice) }, { kid: dice.oneOf(KID_TRICKS) }, { typ: 'at+jwt' }],
        ...[{ crit: ['exp'] }, { b64: false }, { typ: hostileValue(dice) || 0 }],
      ]);
      return { text: byOwner({ ...rightHeader(), ...wrong }, rightClaims()), isForged: true };
    },
    'signed claims that are wrong': () => {
      const name = dice.oneOf(['iss', 'sub', 'aud', 'iat', 'exp']);
      const far = Math.floor(Date.now() / 1000) + dice.oneOf([-1e9, -7_200, 4_000, 1e9]);
      const wrong = dice.oneOf([hostileValue(dice), undefined, String(far), far, `${issuer}/`]);
      const claims = { ...rightClaims(), [name]: wrong };
      return { text: byOwner(rightHeader(), claims), isForged: true };
    },
    'signed claims that are odd': () => {
      const odd = { [dice.oneOf(['jti', 'nbf', 'scope', 'act', 'x'])]: hostileValue(dice) };
      return { text: byOwner(rightHeader(), { ...rightClaims(), ...odd }), isForged: false };
    },
    // The last of two counts, as JSON.parse has it: never the one that was not checked.
    'doubled claims': () => {
      const claims = JSON.stringify(rightClaims()).slice(0, -1);
      const second = dice.oneOf(['"iss":"x"', '"aud":"x"', '"exp":1', '"sub":null', '"jti":""']);
      const header = JSON.stringify(rightHeader());
      return { text: signed(header, `${claims},${second}}`, pair.privateKey), isForged: true };
    },
    'no object, and too much of it': () => {
      const header = dice.oneOf([
        ...['[]', 'null', '"x"', '{', '', nested(2_000, '[', ']'), '{"alg":'.repeat(500)],
        ...[JSON.stringify(rightHeader()), `{"alg":"ES256","x":"${'x'.repeat(60_000)}"}`],
      ]);
      const payload = dice.oneOf([
        ...['[]', 'null', '7', '{', '', nested(2_000, '{"a":', '}'), '{"iss":{}}', '\ufeff{}'],
        ...[`{"iss":"${'x'.repeat(30_000)}"}`, '{"__proto__":{"iss":"x"}}', '{"iss":"\\u0000"}'],
      ]);
      return { text: signed(header, payload, pair.privateKey), isForged: true };
    },
    'no compact form': () => {
      const right = byOwner(rightHeader(), rightClaims());
      const [header, payload, signature] = right.split('.') as [string, string, string];
      const text = dice.oneOf([
        ...[`${right}.`, `.${right}`, `${right}=`, ` ${right}`, `${right}\n`, `${right}\0`],
        ...[`${header}.${payload}`, `${header}..${signature}`, `${right}.${payload}`, '..', '....'],
        ...[JSON.stringify({ protected: header, payload, signature }), 'x'.repeat(100_000)],
        ...[`${header}.${payload}.${signature.slice(0, -4)}`, dice.oneOf(HOSTILE_TEXTS)],
      ]);
      return { text, isForged: true };
    },
  };
  const makers = Object.values(kinds);
  return (): Assertion => (dice.chance(0.2) ? kinds.right!() : dice.oneOf(makers)());
}

/** Requests to the token endpoint with such assertions, some of them sent twice. */
export function createAssertionRequests(
  dice: Dice,
  ground: {
    nextAssertion: () => Assertion;
    grantType: string;
    accountId: string;
    scopes: readonly string[];
    /** Every assertion that is sent: it is as good as a password. */
    remember(text: string): void;
  },
) {
  let last: Assertion | undefined;

  return function next(): AssertionRequest {
    const isReplay = last !== undefined && dice.chance(0.05);
    const { text, isForged } = isReplay ? last! : ground.nextAssertion();
    last = { text, isForged };
    if (text.length > 40) ground.remember(text);
    const more: [string, unknown][] = [
      ['scope', dice.oneOf([...ground.scopes, 'gate:decide', '*'])],
      ['client_id', dice.oneOf([ground.accountId, ground.accountId, 'somebody', ''])],
      ['resource', dice.oneOf(['https://api.kaie.ai', 'https://else.example', 'x'])],
      ['client_secret', 'nonsense'],
      ['client_assertion', text],
    ];
    const extra = more.filter(([name]) => dice.chance(name.startsWith('client_') ? 0.05 : 0.15));
    const { headers, body } = formBody(dice, [
      ...([
        ['grant_type', ground.grantType],
        ['assertion', text],
      ] as [string, unknown][]),
      ...extra,
    ]);
    const basic: Record<string, string> = dice.chance(0.04)
      ? { authorization: `Basic ${dice.oneOf(['', 'eDp5', '%'])}` }
      : {};
    const method = dice.chance(0.97) ? 'POST' : dice.oneOf(METHODS);
    return { method, target: '/oauth/token', headers: { ...basic, ...headers }, body, isForged };
  };
}
