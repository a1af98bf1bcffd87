import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  answerOptions,
  createForwarder,
  refuseOtherMethods,
  useProtocolDoor,
} from '../doors/protocol.ts';
import {
  type BrowserEndpointDependencies,
  browserEndpointRoutes,
} from './browser-endpoints.routes.ts';
import { OAUTH_ROUTES } from './provider.ts';
import { looksLikeJwt, type PresentedTokens } from './tokens/presented-tokens.ts';
import { type UserinfoDependencies, userinfoRoutes } from './userinfo.routes.ts';

export interface OAuthRoutesDependencies extends UserinfoDependencies, BrowserEndpointDependencies {
  presentedTokens: PresentedTokens;
}

/** The endpoints of the protocol. Listed one by one: what isn't here isn't reachable. */
export async function oauthRoutes(door: FastifyInstance, deps: OAuthRoutesDependencies) {
  useProtocolDoor(door);
  const forward = createForwarder(deps, 'program');
  const answer = async (request: FastifyRequest, reply: FastifyReply) => forward(request, reply);

  const machine = (methods: string[], url: string) => {
    door.route({ method: methods, url, handler: answer });
    answerOptions(door, url, methods, forward);
    refuseOtherMethods(door, url, methods);
  };
  machine(['POST'], OAUTH_ROUTES.token);
  machine(['POST'], OAUTH_ROUTES.pushed_authorization_request);
  machine(['GET'], OAUTH_ROUTES.jwks);
  machine(['GET'], '/.well-known/openid-configuration');
  machine(['GET'], '/.well-known/oauth-authorization-server');

  await door.register(browserEndpointRoutes, deps);
  await door.register(tokenInspectionRoutes, deps);
  await door.register(userinfoRoutes, deps);
}

/** Introspection (RFC 7662) and revocation (RFC 7009), for opaque tokens and for JWTs. */
async function tokenInspectionRoutes(door: FastifyInstance, deps: OAuthRoutesDependencies) {
  const { presentedTokens } = deps;
  const forward = createForwarder(deps, 'program');
  const urls = [OAUTH_ROUTES.introspection, OAUTH_ROUTES.revocation];
  for (const url of urls) {
    answerOptions(door, url, ['POST'], forward);
    refuseOtherMethods(door, url, ['POST']);
  }
  await door.register(async (parsing) => {
    await parsing.register(formbody, { bodyLimit: 56 * 1024 });
    for (const url of urls) {
      parsing.post(url, async (request, reply) => {
        const form = asParameters(request.body);
        const token = form.getAll('token');
        if (token.length !== 1 || !looksLikeJwt(token[0]!)) {
          return forward(request, reply, form.toString());
        }
        const { handle, release } = await presentedTokens.present(token[0]!);
        form.set('token', handle);
        reply.raw.once('close', release);
        forward(request, reply, form.toString());
      });
    }
  });
}

/** The form as sent: a parameter that came twice stays twice, and the library refuses it. */
function asParameters(body: unknown): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries((body ?? {}) as Record<string, string | string[]>)) {
    for (const one of [value].flat()) form.append(name, one);
  }
  return form;
}
