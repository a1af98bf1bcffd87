import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseOtherMethods } from '../doors/protocol.ts';
import type { Clock } from '../lib/clock.ts';
import type { Platform } from '../platform/platform.ts';
import { OAUTH_ROUTES } from './provider.ts';
import type { ProviderHost } from './provider-host.ts';
import { resourcesOf, splitScope } from './scopes.ts';
import type { AccessTokenClaims, AccessTokenVerifier } from './tokens/access-token-verifier.ts';
import { type BearerProblem, readAccessToken, refuseBearer } from './tokens/bearer.ts';
import { createProofVerifier, type ProofVerifier } from './tokens/dpop.ts';

export interface UserinfoDependencies {
  host: ProviderHost;
  issuer: string;
  clock: Clock;
  platform: Platform;
  verifier: AccessTokenVerifier;
  findActiveUser(
    id: string,
  ): Promise<{ id: string; name: string; email: string; emailVerified: boolean } | undefined>;
}

/**
 * UserInfo for access tokens that are JWTs for the platform's resources: oidc-provider would serve opaque
 * tokens only. The token needs the scope openid, and proof of the key that it is bound to, if it is.
 *
 * @see OpenID Connect Core §5.3, RFC 6750, RFC 9449 §7
 */
export async function userinfoRoutes(door: FastifyInstance, deps: UserinfoDependencies) {
  const url = OAUTH_ROUTES.userinfo;
  // The memory of proofs is the token endpoint's.
  const verifyProof = createProofVerifier({
    clock: deps.clock,
    claimJti: (...proof) => deps.host.current.ReplayDetection.unique(...proof),
  });
  await door.register(formbody, { bodyLimit: 56 * 1024 });
  refuseOtherMethods(door, url, ['GET', 'POST']);

  door.options(url, async (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-origin', '*')
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'authorization, dpop')
      .header('access-control-max-age', '3600')
      .send(),
  );
  door.route({
    method: ['GET', 'POST'],
    url,
    handler: async (request, reply) => {
      // Without credentials of the browser's own there is nothing another origin could steal.
      reply.header('access-control-allow-origin', '*');
      reply.header('access-control-expose-headers', 'WWW-Authenticate');
      const authorized = await authorize(request, deps, verifyProof);
      if ('error' in authorized) return refuseBearer(reply, authorized);
      return answer(authorized.claims, deps, reply);
    },
  });
}

const INVALID = { status: 401, error: 'invalid_token', description: 'invalid token provided' };

async function authorize(
  request: FastifyRequest,
  deps: UserinfoDependencies,
  verifyProof: ProofVerifier,
): Promise<BearerProblem | { claims: AccessTokenClaims }> {
  const { verifier, platform } = deps;
  const presented = readAccessToken(request);
  if ('error' in presented) return presented;
  const claims = await verifier.verify(presented.token);
  const { scheme, token } = presented;
  const invalid = { ...INVALID, scheme };
  if (!claims || !isForPlatform(claims, platform)) return invalid;
  // A bound token is no bearer token, and the other way round (RFC 9449 §7.1, §7.2).
  if ((scheme === 'DPoP') !== (claims.cnf !== undefined)) return invalid;
  if (claims.cnf) {
    const jkt = claims.cnf.jkt;
    if (typeof jkt !== 'string') return invalid;
    const verdict = await verifyProof({
      ...{ proof: request.headers.dpop, method: request.method },
      url: `${deps.issuer}${OAUTH_ROUTES.userinfo}`,
      ...{ accessToken: token, clientId: claims.client_id, jkt },
    });
    if (!verdict.proven) return { status: 401, scheme, ...verdict };
  }
  if (!splitScope(claims.scope).includes('openid')) {
    return {
      status: 403,
      error: 'insufficient_scope',
      description: 'the access token lacks the scope openid',
      scope: 'openid',
      scheme,
    };
  }
  return { claims };
}

/**
 * Whichever of the platform's resources it is for: the scope openid is of them all, and they are of one
 * company. What the token opens here is what its holder was granted to know.
 */
const isForPlatform = ({ aud }: AccessTokenClaims, platform: Platform) =>
  resourcesOf(platform).some(({ identifier }) => [aud].flat().includes(identifier));

async function answer(
  claims: AccessTokenClaims,
  { findActiveUser }: UserinfoDependencies,
  reply: FastifyReply,
) {
  const user = await findActiveUser(claims.sub);
  if (!user) return refuseBearer(reply, { ...INVALID, scheme: claims.cnf ? 'DPoP' : 'Bearer' });
  const scopes = splitScope(claims.scope);
  return reply.send({
    sub: user.id,
    ...(scopes.includes('profile') ? { name: user.name } : {}),
    ...(scopes.includes('email') ? { email: user.email, email_verified: user.emailVerified } : {}),
  });
}
