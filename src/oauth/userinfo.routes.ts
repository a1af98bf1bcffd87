import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseOtherMethods } from '../doors/protocol.ts';
import type { Platform } from '../platform/platform.ts';
import { OAUTH_ROUTES } from './provider.ts';
import { splitScope } from './scopes.ts';
import type { AccessTokenClaims, AccessTokenVerifier } from './tokens/access-token-verifier.ts';
import { type BearerProblem, readBearerToken, refuseBearer } from './tokens/bearer.ts';

export interface UserinfoDependencies {
  platform: Platform;
  verifier: AccessTokenVerifier;
  findActiveUser(
    id: string,
  ): Promise<{ id: string; name: string; email: string; emailVerified: boolean } | undefined>;
}

/**
 * UserInfo for access tokens that are JWTs for the platform's API: oidc-provider would serve opaque
 * tokens only. The token needs the scope openid.
 *
 * @see OpenID Connect Core §5.3, RFC 6750
 */
export async function userinfoRoutes(door: FastifyInstance, deps: UserinfoDependencies) {
  const url = OAUTH_ROUTES.userinfo;
  await door.register(formbody, { bodyLimit: 56 * 1024 });
  refuseOtherMethods(door, url, ['GET', 'POST']);

  door.options(url, async (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-origin', '*')
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'authorization')
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
      const authorized = await authorize(request, deps);
      if ('error' in authorized) return refuseBearer(reply, authorized);
      return answer(authorized.claims, deps, reply);
    },
  });
}

async function authorize(
  request: FastifyRequest,
  { verifier, platform }: UserinfoDependencies,
): Promise<BearerProblem | { claims: AccessTokenClaims }> {
  const presented = readBearerToken(request);
  if ('error' in presented) return presented;
  const claims = await verifier.verify(presented.token);
  const invalid = { status: 401, error: 'invalid_token', description: 'invalid token provided' };
  if (!claims || ![claims.aud].flat().includes(platform.api.identifier)) return invalid;
  // Bound to a key, and presented without proof of it (RFC 9449 §7.1).
  if (claims.cnf) return invalid;
  if (!splitScope(claims.scope).includes('openid')) {
    return {
      status: 403,
      error: 'insufficient_scope',
      description: 'the access token lacks the scope openid',
      scope: 'openid',
    };
  }
  return { claims };
}

async function answer(
  claims: AccessTokenClaims,
  { findActiveUser }: UserinfoDependencies,
  reply: FastifyReply,
) {
  const user = await findActiveUser(claims.sub);
  if (!user) {
    return refuseBearer(reply, {
      status: 401,
      error: 'invalid_token',
      description: 'invalid token provided',
    });
  }
  const scopes = splitScope(claims.scope);
  return reply.send({
    sub: user.id,
    ...(scopes.includes('profile') ? { name: user.name } : {}),
    ...(scopes.includes('email') ? { email: user.email, email_verified: user.emailVerified } : {}),
  });
}
