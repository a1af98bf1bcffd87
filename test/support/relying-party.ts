import type { JSONWebKeySet } from 'jose';
import { exportJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import type { ClientInput } from '../../src/oauth/clients/clients.service.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { registerClient, type TestClient, type TestGatehouse } from './gatehouse.ts';

/** Every way in which a client may say who it is; keys in the words of oauth4webapi. */
export const CLIENT_KINDS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt ES256',
  'private_key_jwt PS256',
  'private_key_jwt Ed25519',
  'private_key_jwt EdDSA',
] as const;

export type ClientKind = (typeof CLIENT_KINDS)[number];

export interface RelyingParty extends TestClient {
  kind: ClientKind;
  authentication: oauth.ClientAuth;
}

/** Registers a client of that kind and gives it the library's way to authenticate. */
export async function registerRelyingParty(
  gatehouse: TestGatehouse,
  kind: ClientKind,
  input: Partial<ClientInput> = {},
): Promise<RelyingParty> {
  const [tokenEndpointAuthMethod, alg] = kind.split(' ') as [
    NonNullable<ClientInput['tokenEndpointAuthMethod']>,
    string | undefined,
  ];
  if (alg) {
    const { jwks, authentication } = await makeKey(alg);
    const metadata = { ...input, tokenEndpointAuthMethod, jwks };
    return { ...(await registerClient(gatehouse, metadata)), kind, authentication };
  }
  const client = await registerClient(gatehouse, { ...input, tokenEndpointAuthMethod });
  return { ...client, kind, authentication: withSecret(kind, client.secret) };
}

function withSecret(kind: ClientKind, secret: string): oauth.ClientAuth {
  if (kind === 'client_secret_basic') return oauth.ClientSecretBasic(secret);
  if (kind === 'client_secret_post') return oauth.ClientSecretPost(secret);
  return oauth.None();
}

/** EdDSA is the older name of Ed25519 (RFC 8037 §3.1): clients in the field still send it. */
async function makeKey(
  alg: string,
): Promise<{ jwks: JSONWebKeySet; authentication: oauth.ClientAuth }> {
  const pair = await oauth.generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg, {
    extractable: true,
  });
  const kid = `the ${alg} key`;
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid, use: 'sig' }] };
  const authentication = oauth.PrivateKeyJwt(
    { key: pair.privateKey, kid },
    {
      [oauth.modifyAssertion]: (header) => {
        header.alg = alg;
      },
    },
  );
  return { jwks, authentication };
}

/** A second resource beside the platform's API. */
export const SEARCH_API = 'https://search.notes.example';

export async function platformWithTwoResources(): Promise<Platform> {
  const platform = await loadPlatform('example');
  const search = { identifier: SEARCH_API, name: 'Search API', scopes: ['notes:read'] };
  return { ...platform, api: { ...platform.api, additionalResources: [search] } };
}
