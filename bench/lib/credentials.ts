import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import type { GatehouseProcess } from './gatehouse-process.ts';

// What callers present, for the platforms in bench/platforms/.

const AUDIENCE = 'https://api.bench.example';

export async function newKey(
  gatehouse: GatehouseProcess,
  organizationId: string,
  scopes = ['things:read'],
): Promise<string> {
  const made = await gatehouse.manage<{ key: string }>('/api-keys', {
    ...{ organization_id: organizationId, name: 'Bench', scopes },
  });
  return made.key;
}

export async function newAccessToken(
  gatehouse: GatehouseProcess,
  organizationId: string,
): Promise<string> {
  const client = await gatehouse.manage<{ client_id: string; client_secret: string }>('/clients', {
    ...{ name: 'Bench', organization_id: organizationId, scope: 'things:read' },
    grant_types: ['client_credentials'],
  });
  const answer = await fetch(`${gatehouse.url}/oauth/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    body: 'grant_type=client_credentials&scope=things:read',
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** One that signs JWTs for most of an hour, each with a `jti` of its own. */
export async function newServiceAccount(gatehouse: GatehouseProcess, organizationId: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' }] };
  const { id } = await gatehouse.manage<{ id: string }>('/service-accounts', {
    ...{ organization_id: organizationId, name: 'Bench', scopes: ['things:read'], jwks },
  });
  const signOne = (jti: number) =>
    new SignJWT({ jti: String(jti) })
      .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('50m')
      .sign(privateKey);
  const sign = (count: number) => Promise.all(Array.from({ length: count }, (_, i) => signOne(i)));
  return { jwks, sign };
}
