import type { FastifyInstance } from 'fastify';
import type { Platform } from '../platform/platform.ts';

/** Where a 401 of the gate sends a client that wants to know how to get a token. */
export const PROTECTED_RESOURCE_PATH = '/.well-known/oauth-protected-resource';

/**
 * What the platform's API is as a protected resource, and who issues tokens for it.
 *
 * @see RFC 9728 §2, §3
 */
export async function protectedResourceRoutes(
  app: FastifyInstance,
  { platform, issuer }: { platform: Platform; issuer: string },
) {
  const metadata = {
    resource: platform.api.identifier,
    resource_name: platform.api.name,
    authorization_servers: [issuer],
    jwks_uri: `${issuer}/oauth/jwks`,
    scopes_supported: platform.scopes.map((scope) => scope.name),
    bearer_methods_supported: ['header'],
  };
  app.options(PROTECTED_RESOURCE_PATH, async ({ headers }, reply) =>
    reply
      .code(204)
      .header('access-control-allow-origin', '*')
      .header('access-control-allow-methods', 'GET')
      .header('access-control-allow-headers', headers['access-control-request-headers'] ?? '*')
      .header('access-control-max-age', '3600')
      .send(),
  );
  app.get(PROTECTED_RESOURCE_PATH, async (_request, reply) =>
    reply
      .header('access-control-allow-origin', '*')
      .header('cache-control', 'public, max-age=300')
      .send(metadata),
  );
}
