import type { AdapterPayload } from 'oidc-provider';
import { recordAuditEvent } from '../../audit/audit.store.ts';
import { epochSeconds } from '../../lib/clock.ts';
import { newSecret } from '../../lib/master-key.ts';
import type { Grant } from '../../oauth/grants/new-grant.ts';
import { splitScope } from '../../oauth/scopes.ts';
import { PLATFORM_CLIENT_ID } from './platform-client.ts';
import type { RequestOrigin, TokenPair, UserTokenDependencies } from './user-tokens.service.ts';

export interface RefreshRequest extends RequestOrigin {
  readonly refreshToken: string;
  /** Space-separated, for this access token only. Default: what the refresh token holds. */
  readonly scope?: string | undefined;
}

export type RefreshOutcome =
  | { outcome: 'issued'; tokens: TokenPair }
  /** Unknown, of another client, expired or used already, or its grant has ended. */
  | { outcome: 'rejected' }
  /** More was asked for than the refresh token holds; it stays good. */
  | { outcome: 'scope_exceeded' }
  /** Nothing of it is open to the user's role (any more); it stays good. */
  | { outcome: 'nothing_allowed' };

const REJECTED = { outcome: 'rejected' } as const;

/** A refresh token that may be used, with what it stands for. */
interface Holding {
  readonly payload: AdapterPayload;
  readonly grant: Grant & { jti: string; accountId: string; organizationId: string };
}

/**
 * Rotates a refresh token (RFC 9700 §4.14.2) under the rules of `/oauth/token`: a replay within ten
 * seconds is refused, a later one ends the family and its access tokens.
 */
export function createRefresh(dependencies: UserTokenDependencies) {
  const { platform, identity, roleScopes, refreshTokens, writeAccessToken } = dependencies;

  return async function refresh(request: RefreshRequest): Promise<RefreshOutcome> {
    const holding = await findHolding(dependencies, request);
    if (!holding) return REJECTED;
    const { payload, grant } = holding;
    const { accountId: userId, organizationId, jti: grantId } = grant;

    const held = splitScope(payload.scope);
    const wish = splitScope(request.scope);
    if (wish.some((scope) => !held.includes(scope))) return { outcome: 'scope_exceeded' };
    const place = await identity.memberships.find(userId, organizationId);
    if (!place) return REJECTED;
    const granted = splitScope(grant.getResourceScope(platform.api.identifier));
    const asked = (wish.length === 0 ? held : wish).filter((scope) => granted.includes(scope));
    const scopes = roleScopes.within(place.role, asked);
    if (scopes.length === 0) return { outcome: 'nothing_allowed' };

    const refreshToken = newSecret();
    const next = { ...payload, rotations: Number(payload.rotations ?? 0) + 1 };
    const accessToken = await writeAccessToken({ userId, organizationId, grantId, scopes });
    const { refreshTokenTtlSeconds, accessTokenTtlSeconds: expiresInSeconds } = platform.tokens;
    const rotated = await refreshTokens.rotate(
      ...[request.refreshToken, refreshToken, next, refreshTokenTtlSeconds],
    );
    if (!rotated) return REJECTED;
    const tokens = { accessToken, refreshToken, expiresInSeconds, scopes, organizationId };
    return { outcome: 'issued', tokens };
  };
}

/** Ends the family when the token was used before. */
async function findHolding(
  dependencies: UserTokenDependencies,
  request: RefreshRequest,
): Promise<Holding | undefined> {
  const { oauth, clock, refreshTokens } = dependencies;
  const found = await refreshTokens.find(request.refreshToken);
  if (!found || found.use === 'retry') return undefined;
  const { payload } = found;
  const now = epochSeconds(clock);
  if (payload.clientId !== PLATFORM_CLIENT_ID || (payload.exp ?? 0) <= now) return undefined;
  const grant = (await oauth.host.current.Grant.find(payload.grantId!)) as
    | Holding['grant']
    | undefined;
  if (!grant?.organizationId || (grant.exp ?? 0) <= now) return undefined;
  if (found.use === 'first') return { payload, grant };
  await endFamily(dependencies, grant, request);
  return undefined;
}

async function endFamily(
  { database, notifications, clock, revocations }: UserTokenDependencies,
  grant: Holding['grant'],
  { address, requestId }: RequestOrigin,
): Promise<void> {
  await database.transaction(async (tx) => {
    if (!(await revocations.revokeGrant(tx, grant.jti, 'refresh_token_replayed'))) return;
    await recordAuditEvent(tx, {
      type: 'refresh_token.replayed',
      actor: { kind: 'client', id: PLATFORM_CLIENT_ID },
      organizationId: grant.organizationId,
      target: { kind: 'grant', id: grant.jti },
      occurredAt: clock.now(),
      ...{ address, requestId },
    });
  });
  await notifications.caughtUp();
}
