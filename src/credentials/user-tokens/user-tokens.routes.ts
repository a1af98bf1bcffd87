import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GateDoorDependencies } from '../../doors/gate.ts';
import {
  type Refuse,
  refuseMethodsBesidePost,
  type TokenRefusal,
  usePlatformTokenDoor,
} from '../../doors/platform-tokens.ts';
import { createFields } from './field-style.ts';
import type { TokenPair, UserTokenService } from './user-tokens.service.ts';

export interface UserTokenRoutesDependencies extends GateDoorDependencies {
  userTokens: UserTokenService;
}

type Fields = ReturnType<typeof createFields>;

/** `POST <token path>` and `POST <refresh path>`, where the platform file has them. */
export async function userTokenRoutes(door: FastifyInstance, deps: UserTokenRoutesDependencies) {
  const { platform, userTokens } = deps;
  const policy = platform.userTokens;
  if (!policy.enabled) return;
  const refuse = await usePlatformTokenDoor(door, deps);
  const fields = createFields(policy.fieldStyle);
  const endpoint = (url: string, handler: Handler) => {
    door.post(url, handler);
    refuseMethodsBesidePost(door, url, refuse);
  };
  endpoint(policy.tokenPath, passwordHandler(userTokens, fields, refuse));
  endpoint(policy.refreshPath, refreshHandler(userTokens, fields, refuse));
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

function passwordHandler(userTokens: UserTokenService, fields: Fields, refuse: Refuse): Handler {
  return async (request, reply) => {
    const read = readAll(fields, request.body, ['email', 'password'], ['organizationId', 'scope']);
    if ('refusal' in read) return refuse(request, reply, read.refusal);
    const { email = '', password = '', organizationId, scope } = read.texts;
    const result = await userTokens.exchangePassword({
      ...{ email, password, organizationId, scope },
      ...{ address: request.ip, requestId: request.id },
    });
    switch (result.outcome) {
      case 'issued':
        return reply.send(toAnswer(fields, result.tokens));
      case 'throttled':
        return refuse(request, reply, { ...result, reason: 'rate_limited' });
      case 'overloaded':
        return refuse(request, reply, { ...result, reason: 'temporarily_unavailable' });
      case 'organization_unnamed':
        return refuse(request, reply, severalOrganizations(fields, result.organizationIds));
      case 'organization_unknown':
        return refuse(request, reply, notAMember(fields));
      default:
        return refuse(request, reply, REFUSALS[result.outcome]);
    }
  };
}

function refreshHandler(userTokens: UserTokenService, fields: Fields, refuse: Refuse): Handler {
  return async (request, reply) => {
    const read = readAll(fields, request.body, ['refreshToken'], ['scope']);
    if ('refusal' in read) return refuse(request, reply, read.refusal);
    const { refreshToken = '', scope } = read.texts;
    const origin = { address: request.ip, requestId: request.id };
    const result = await userTokens.refresh({ refreshToken, scope, ...origin });
    if (result.outcome === 'issued') return reply.send(toAnswer(fields, result.tokens));
    return refuse(request, reply, REFRESH_REFUSALS[result.outcome]);
  };
}

type Texts = Record<string, string | undefined>;

/** The text of each field, or what is wrong with the first that has something wrong. */
function readAll(
  fields: Fields,
  body: unknown,
  required: readonly string[],
  optional: readonly string[],
): { texts: Texts } | { refusal: TokenRefusal } {
  const texts: Texts = {};
  for (const field of [...required, ...optional]) {
    const value = fields.read(body, field);
    if (typeof value === 'object') {
      return { refusal: malformed(`Send ${value.unreadable} once, as text.`) };
    }
    texts[field] = value;
  }
  const missing = required.filter((field) => texts[field] === undefined).map(fields.nameOf);
  if (missing.length === 0) return { texts };
  return { refusal: malformed(`Send ${missing.join(' and ')}, in a JSON object or a form.`) };
}

const malformed = (message: string): TokenRefusal => ({ reason: 'malformed_request', message });

/** To somebody who has just proven who they are: the organizations are their own. */
const severalOrganizations = ({ nameOf }: Fields, ids: readonly string[]) =>
  malformed(
    `You belong to several organizations. Send ${nameOf('organizationId')}, one of: ${ids.join(', ')}.`,
  );

const notAMember = ({ nameOf }: Fields): TokenRefusal => ({
  reason: 'organization_mismatch',
  message: `You do not belong to the organization in ${nameOf('organizationId')}.`,
});

const NOTHING_ALLOWED: TokenRefusal = {
  reason: 'insufficient_scope',
  message: 'Your role in the organization allows none of the scopes asked for.',
};

const REFUSALS = {
  rejected: {
    reason: 'missing_credential',
    message: 'The email address or the password is wrong.',
  },
  second_step: {
    reason: 'missing_credential',
    message:
      'This account also asks for a passkey, so a password is not enough. Use an app that signs you in with the browser, or an API key.',
  },
  unknown_scope: malformed('A scope was asked for that does not exist here.'),
  switched_off: {
    reason: 'route_not_found',
    message: 'Signing in with email and password is switched off.',
  },
  no_organization: {
    reason: 'organization_mismatch',
    message: 'You do not belong to any organization. Ask to be invited to one.',
  },
  nothing_allowed: NOTHING_ALLOWED,
} as const satisfies Record<string, TokenRefusal>;

const REFRESH_REFUSALS = {
  rejected: {
    reason: 'invalid_token',
    message: 'The refresh token is not valid, or not any more. Sign in again.',
  },
  scope_exceeded: malformed('More scopes were asked for than the refresh token holds.'),
  nothing_allowed: NOTHING_ALLOWED,
} as const satisfies Record<string, TokenRefusal>;

function toAnswer(fields: Fields, tokens: TokenPair): Record<string, unknown> {
  return fields.write({
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    tokenType: 'Bearer',
    expiresIn: tokens.expiresInSeconds,
    scope: tokens.scopes.join(' '),
    organizationId: tokens.organizationId,
  });
}
