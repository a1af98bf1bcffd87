import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Platform } from '../../platform/platform.ts';
import { findConsent, touchConsent } from '../consents/consents.store.ts';
import { createRoleCeiling } from '../role-ceiling.ts';
import { splitScope } from '../scopes.ts';
import { askDatabase } from '../unavailable.ts';
import { type Grant, newGrant } from './new-grant.ts';

export type GrantLoader = (ctx: KoaContextWithOIDC) => Promise<Grant | undefined>;

/**
 * The grant of an authorization request: the one the user has just agreed to, else a new one under the
 * consent that stands. Each authorization has a grant of its own, so that a replayed code or refresh
 * token ends what it led to and not every connection between this user and this app.
 */
export function createGrantLoader(options: {
  platform: Platform;
  database: Database;
  clock: Clock;
}): GrantLoader {
  const { database, clock } = options;
  const isWithinRole = createRoleCeiling(options.platform);

  return async (ctx) => {
    const { provider, account, client, params, result } = ctx.oidc;
    const agreed = (result?.consent as { grantId?: string } | undefined)?.grantId;
    if (agreed) return (await provider.Grant.find(agreed)) as Grant | undefined;
    return askDatabase(() =>
      underStandingConsent(provider, account!.accountId, client!.clientId, params ?? {}),
    );
  };

  async function underStandingConsent(
    provider: Provider,
    userId: string,
    clientId: string,
    params: Record<string, unknown>,
  ): Promise<Grant | undefined> {
    const consent = await findConsent(database.pool, { userId, clientId });
    if (!consent) return undefined;
    const wanted = splitScope(params.scope);
    // The role may have become less since: then what is above it is asked again, and refused.
    const allowed = consent.scopes.filter((scope) => isWithinRole(consent.role, scope));
    const grant = newGrant(provider, {
      userId,
      clientId,
      consentId: consent.id,
      organizationId: consent.organizationId,
      scopes: wanted.filter((scope) => allowed.includes(scope)),
      refused: [],
      resources: [params.resource ?? []].flat() as string[],
    });
    // Unless it covers everything the user will be asked, and the answer makes a grant of its own.
    const asksAgain = splitScope(params.prompt).includes('consent');
    if (!asksAgain && wanted.every((scope) => allowed.includes(scope))) {
      await grant.save();
      await touchConsent(database.pool, consent.id, clock.now());
    }
    return grant;
  }
}
