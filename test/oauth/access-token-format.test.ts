import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/lib/clock.ts';
import type { OAuthClient } from '../../src/oauth/clients/client.ts';
import { bindInstance } from '../../src/oauth/clients/client-instances.ts';
import type { SigningKeys } from '../../src/oauth/signing-keys/signing-keys.ts';
import { issueAccessTokens } from '../../src/oauth/tokens/access-token-issuer.ts';
import { extraTokenClaims } from '../../src/oauth/tokens/token-claims.ts';

// Our own access tokens against those that oidc-provider would write itself: after an update of the library,
// what it would say and we don't is found here.

const ISSUER = 'https://auth.example.com';
const AUDIENCE = 'https://api.example.com';
const LIFE_SECONDS = 1234;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256', use: 'sig' };

function createProvider(): Provider {
  return new Provider(ISSUER, {
    jwks: { keys: [jwk] } as Configuration['jwks'],
    clients: [{ client_id: 'app', client_secret: 'secret', redirect_uris: ['https://a.example/'] }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    ttl: { AccessToken: LIFE_SECONDS, ClientCredentials: LIFE_SECONDS },
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
  } as Configuration);
}

const resourceServer = {
  identifier: () => AUDIENCE,
  audience: AUDIENCE,
  accessTokenFormat: 'jwt',
  accessTokenTTL: LIFE_SECONDS,
  jwt: { sign: { alg: 'ES256' } },
};

const theirs = createProvider();
const ours = createProvider();
const client = (await ours.Client.find('app'))!;
bindInstance(client, { organizationId: 'org-of-client' } as OAuthClient);
const grant = { jti: 'grant-1', organizationId: 'org-of-grant' };
const context = { oidc: { client, entities: { Grant: grant } } } as unknown as KoaContextWithOIDC;
const signer = await webcrypto.subtle.importKey(
  'jwk',
  jwk as webcrypto.JsonWebKey,
  { name: 'ECDSA', namedCurve: 'P-256' },
  false,
  ['sign'],
);
issueAccessTokens(ours, {
  signingKeys: { all: [{ kid: jwk.kid, signer }] } as unknown as SigningKeys,
  issuer: ISSUER,
  clock: systemClock,
  context: () => context,
});

type Model = 'AccessToken' | 'ClientCredentials';
type Token = { getValueAndPayload(): Promise<{ value: string; payload?: object }> };

async function write(provider: Provider, model: Model, properties: object) {
  const Class = provider[model] as unknown as new (properties: object) => Token;
  const ofProvider = await provider.Client.find('app');
  const token = new Class({ jti: 'token-1', client: ofProvider, ...properties });
  return Object.assign(token, { format: 'jwt' }).getValueAndPayload();
}

/** The claims without the two that say when, which are looked at here. */
function claimsOf(t: Test, jwt: string): JWTPayload {
  const { iat, exp, ...claims } = decodeJwt(jwt);
  t.equal(exp! - iat!, LIFE_SECONDS);
  t.ok(Math.abs(iat! - Date.now() / 1000) < 5);
  return claims;
}

const OF_A_USER = { accountId: 'user-1', grantId: 'grant-1', scope: 'openid notes:read' };
const CASES: [name: string, model: Model, properties: object, added: object][] = [
  ['a user’s', 'AccessToken', OF_A_USER, { org_id: 'org-of-grant', grant_id: 'grant-1' }],
  [
    'a user’s, bound to a key (RFC 9449 §6)',
    'AccessToken',
    { ...OF_A_USER, jkt: 'thumbprint-of-key' },
    { org_id: 'org-of-grant', grant_id: 'grant-1' },
  ],
  ['a client’s', 'ClientCredentials', { scope: 'notes:read' }, { org_id: 'org-of-client' }],
  ['a client’s, without a scope', 'ClientCredentials', {}, { org_id: 'org-of-client' }],
  [
    'a client’s, with an empty scope',
    'ClientCredentials',
    { scope: '' },
    { org_id: 'org-of-client' },
  ],
  [
    'a client’s, bound to a certificate (RFC 8705 §3)',
    'ClientCredentials',
    { scope: 'notes:read', 'x5t#S256': 'thumbprint-of-certificate' },
    { org_id: 'org-of-client' },
  ],
];

for (const [name, model, properties, added] of CASES) {
  t.test(`${name} token is the library’s, and what we add (RFC 9068 §2)`, async (t) => {
    const complete = { ...properties, resourceServer };
    const expected = (await write(theirs, model, complete)).value;
    const { value, payload } = await write(ours, model, complete);
    t.strictSame(decodeProtectedHeader(value), decodeProtectedHeader(expected));
    t.strictSame(claimsOf(t, value), { ...claimsOf(t, expected), ...added });
    t.equal(payload, undefined, 'and nothing is stored');
    await t.resolves(jwtVerify(value, publicKey, { issuer: ISSUER, audience: AUDIENCE }));
  });
}

t.test('a token without an audience is written by neither (RFC 9068 §2.2)', async (t) => {
  for (const provider of [theirs, ours]) {
    for (const model of ['AccessToken', 'ClientCredentials'] as const) {
      await t.rejects(write(provider, model, OF_A_USER), /audience/);
    }
  }
});

t.test('no user’s access token is written without the grant that ends it', async (t) => {
  const nothing = { oidc: { entities: {} } } as unknown as KoaContextWithOIDC;
  t.throws(() => extraTokenClaims(nothing, { kind: 'AccessToken' }), /needs a grant/);
});
