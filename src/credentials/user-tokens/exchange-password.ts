import { errors } from 'oidc-provider';
import type { NamedMembership, User } from '../../identity/identity.ts';
import type { Wait } from '../../identity/sign-in.ts';
import { newId } from '../../lib/ids.ts';
import { newSecret } from '../../lib/master-key.ts';
import {
  type Consent,
  findConsent,
  grantConsent,
  touchConsent,
} from '../../oauth/consents/consents.store.ts';
import { newGrant } from '../../oauth/grants/new-grant.ts';
import { splitScope } from '../../oauth/scopes.ts';
import { PLATFORM_CLIENT_ID } from './platform-client.ts';
import type { RequestOrigin, TokenPair, UserTokenDependencies } from './user-tokens.service.ts';

export interface PasswordRequest extends RequestOrigin {
  readonly email: string;
  readonly password: string;
  /** Needed by a user of several organizations only. */
  readonly organizationId?: string | undefined;
  /** Space-separated. Default: everything that the user's role allows. */
  readonly scope?: string | undefined;
}

export type PasswordOutcome =
  | { outcome: 'issued'; tokens: TokenPair }
  /** No such account, a wrong password, a disabled user: told apart in the audit log only. */
  | { outcome: 'rejected' }
  /** The account asks for a passkey, too, which only a browser can. */
  | { outcome: 'second_step' }
  | { outcome: 'unknown_scope' }
  /** The operator has disabled the platform's client. */
  | { outcome: 'switched_off' }
  | { outcome: 'organization_unnamed'; organizationIds: readonly string[] }
  /** It does not exist, or is somebody else's. */
  | { outcome: 'organization_unknown' }
  | { outcome: 'no_organization' }
  /** Nothing of what was asked for is open to the user's role. */
  | { outcome: 'nothing_allowed' }
  | Wait;

/** Whose tokens, for which organization, with what. */
interface Entry {
  readonly user: User;
  readonly membership: NamedMembership;
  readonly scopes: readonly string[];
}

/** How often a user is signed in who changes at this very moment. */
const ATTEMPTS = 2;

/** Checks a password as every sign-in does, and begins a grant with its first token pair. */
export function createPasswordExchange(dependencies: UserTokenDependencies) {
  const { identity, roleScopes, platformClient } = dependencies;

  async function enter(user: User, request: PasswordRequest): Promise<Entry | PasswordOutcome> {
    const membership = choose(await identity.membershipsOf(user.id), request.organizationId);
    if ('outcome' in membership) return membership;
    const wish = splitScope(request.scope);
    const { role } = membership;
    const scopes = wish.length === 0 ? roleScopes.allOf(role) : roleScopes.within(role, wish);
    return scopes.length === 0 ? { outcome: 'nothing_allowed' } : { user, membership, scopes };
  }

  return async function exchangePassword(request: PasswordRequest): Promise<PasswordOutcome> {
    if (roleScopes.unknown(splitScope(request.scope)).length > 0) {
      return { outcome: 'unknown_scope' };
    }
    if ((await platformClient()).disabled) return { outcome: 'switched_off' };
    const { email, password, address, requestId } = request;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const signedIn = await identity.signIn({ email, password, address, requestId });
      if (signedIn.outcome === 'second_step') return { outcome: 'second_step' };
      if (signedIn.outcome !== 'signed_in') return signedIn;
      const entry = await enter(signedIn.user, request);
      if ('outcome' in entry) return entry;
      const grantId = await beginGrant(dependencies, entry, request);
      if (grantId === undefined) continue;
      return { outcome: 'issued', tokens: await firstPair(dependencies, grantId, entry) };
    }
    return { outcome: 'overloaded', retryAfterSeconds: 1 };
  };
}

function choose(
  memberships: readonly NamedMembership[],
  wanted: string | undefined,
): NamedMembership | PasswordOutcome {
  if (wanted !== undefined) {
    const named = memberships.find(({ organizationId }) => organizationId === wanted);
    return named ?? { outcome: 'organization_unknown' };
  }
  const [only, ...others] = memberships;
  if (!only) return { outcome: 'no_organization' };
  if (others.length === 0) return only;
  const organizationIds = memberships.map(({ organizationId }) => organizationId);
  return { outcome: 'organization_unnamed', organizationIds };
}

/** @returns undefined: what the sign-in rested on has changed meanwhile */
async function beginGrant(
  dependencies: UserTokenDependencies,
  entry: Entry,
  origin: RequestOrigin,
): Promise<string | undefined> {
  const { platform, oauth } = dependencies;
  const { user, membership, scopes } = entry;
  const consent = await standingConsent(dependencies, entry, origin);
  if (!consent) return undefined;
  const grant = newGrant(oauth.host.current, {
    userId: user.id,
    clientId: PLATFORM_CLIENT_ID,
    consentId: consent.id,
    organizationId: membership.organizationId,
    ...{ scopes, refused: [], resources: [platform.api.identifier] },
  });
  try {
    const grantId = await grant.save();
    if (await stillStands(dependencies, entry)) return grantId;
    await dependencies.database.transaction((tx) =>
      dependencies.revocations.revokeGrant(tx, grantId, 'user_changed_meanwhile'),
    );
    return undefined;
  } catch (error) {
    if (error instanceof errors.AccessDenied) return undefined;
    throw error;
  }
}

/**
 * By it the platform is among the user's connected apps, and disconnected there.
 *
 * @returns undefined: the user or the membership has ended meanwhile
 */
async function standingConsent(
  { database, clock }: UserTokenDependencies,
  { user, membership, scopes }: Entry,
  { address, requestId }: RequestOrigin,
): Promise<Pick<Consent, 'id'> | undefined> {
  const now = clock.now();
  const about = {
    userId: user.id,
    clientId: PLATFORM_CLIENT_ID,
    organizationId: membership.organizationId,
  };
  const known = await findConsent(database.pool, about);
  if (known && scopes.every((scope) => known.scopes.includes(scope))) {
    await touchConsent(database.pool, known.id, now);
    return known;
  }
  const actor = { kind: 'user', id: user.id } as const;
  const audit = { actor, address, requestId };
  return grantConsent(database, { id: newId(now), ...about, scopes, refused: [] }, now, audit);
}

/**
 * Asked when the grant is stored: a password or a role that changes from here on ends it with the user's
 * other grants, and one that had changed before is seen now.
 */
async function stillStands(
  { identity }: UserTokenDependencies,
  { user, membership }: Entry,
): Promise<boolean> {
  const [current, place] = await Promise.all([
    identity.findActiveUser(user.id),
    identity.memberships.find(user.id, membership.organizationId),
  ]);
  return (
    current?.updatedAt.getTime() === user.updatedAt.getTime() && place?.role === membership.role
  );
}

async function firstPair(
  { platform, refreshTokens, writeAccessToken }: UserTokenDependencies,
  grantId: string,
  { user, membership, scopes }: Entry,
): Promise<TokenPair> {
  const { organizationId } = membership;
  const refreshToken = newSecret();
  const content = { userId: user.id, organizationId, grantId, scopes };
  const accessToken = await writeAccessToken(content);
  const payload = {
    ...{ grantId, clientId: PLATFORM_CLIENT_ID, accountId: user.id },
    ...{ scope: scopes.join(' '), resource: platform.api.identifier },
  };
  await refreshTokens.insert(refreshToken, payload, platform.tokens.refreshTokenTtlSeconds);
  const expiresInSeconds = platform.tokens.accessTokenTtlSeconds;
  return { accessToken, refreshToken, expiresInSeconds, scopes, organizationId };
}
