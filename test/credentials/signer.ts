import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Desk } from '../gate/desk.ts';

/** A key pair of a service's own. */
export interface Signer {
  readonly kid: string | undefined;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function newSigner(
  alg = 'ES256',
  kid: string | undefined = randomUUID(),
): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  return { kid, alg, privateKey, publicJwk };
}

export interface MadeAccount {
  id: string;
  organization_id: string;
  jwks: { keys: { kid: string; alg: string }[] };
}

/** A service account that may do everything, unless told otherwise. */
export async function newAccount(
  desk: Desk,
  organizationId: string,
  signers: readonly Signer[],
  more: object = {},
): Promise<MadeAccount> {
  const made = await desk.call('POST', '/manage/v1/service-accounts', {
    ...{ organization_id: organizationId, name: 'Nightly job' },
    scopes: desk.gatehouse.platform.scopes.map((scope) => scope.name),
    jwks: { keys: signers.map((signer) => signer.publicJwk) },
    ...more,
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return made.body;
}

export interface Making {
  header?: Record<string, unknown>;
  /** Undefined leaves a claim out. */
  claims?: Record<string, unknown>;
}

/** A JWT as the account makes it: for a minute, for the platform's API. */
export function sign(
  signer: Signer,
  account: { id: string },
  audience: string | string[],
  { header = {}, claims = {} }: Making = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const kid = signer.kid === undefined ? {} : { kid: signer.kid };
  return new SignJWT({
    ...{ iss: account.id, sub: account.id, aud: audience, iat: now, exp: now + 60 },
    ...claims,
  })
    .setProtectedHeader({ alg: signer.alg, ...kid, ...header })
    .sign(signer.privateKey);
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Any header and payload, with whatever signature. */
export const assemble = (header: unknown, payload: unknown, signature: string | Buffer): string =>
  `${encode(header)}.${encode(payload)}.${Buffer.from(signature).toString('base64url')}`;
