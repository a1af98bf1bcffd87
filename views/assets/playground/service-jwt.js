// A service account's own JWTs: the private key is made here and cannot leave.

import { learn, recall } from './memory.js';
import { base64url, random } from './pkce.js';
import { facts } from './words.js';

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const LIFETIME_SECONDS = 300;

export async function newKeyPair() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ES256, false, [
    'sign',
    'verify',
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwk = { kty, crv, x, y, kid: random().slice(0, 12), alg: 'ES256', use: 'sig' };
  learn({
    PRIVATE_KEY: privateKey,
    KEY_ID: jwk.kid,
    PUBLIC_JWKS: JSON.stringify({ keys: [jwk] }, undefined, 2),
  });
}

/** @param ageSeconds how long ago it was signed, as it says of itself */
export async function signJwt(ageSeconds = 0) {
  const iat = Math.floor(Date.now() / 1000) - ageSeconds;
  const id = recall('ACCOUNT_ID');
  const header = { alg: 'ES256', typ: 'JWT', kid: recall('KEY_ID') };
  const claims = {
    iss: id,
    sub: id,
    aud: facts.issuer,
    iat,
    exp: iat + LIFETIME_SECONDS,
    jti: random(),
  };
  const encoded = [header, claims]
    .map((part) => base64url(new TextEncoder().encode(JSON.stringify(part))))
    .join('.');
  const bytes = new TextEncoder().encode(encoded);
  const signature = await crypto.subtle.sign(ES256, recall('PRIVATE_KEY'), bytes);
  return { header, claims, jwt: `${encoded}.${base64url(signature)}` };
}

export async function sign() {
  const { header, claims, jwt } = await signJwt();
  learn({
    JWT_HEADER: JSON.stringify(header, undefined, 2),
    JWT_CLAIMS: JSON.stringify(claims, undefined, 2),
    SERVICE_JWT: jwt,
  });
}
