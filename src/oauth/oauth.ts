import type { Credentials } from '../credentials/credentials.ts';
import { createLastUses } from '../credentials/last-uses.ts';
import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { OutboundFetch } from '../lib/outbound.ts';
import type { Pages } from '../pages/render.ts';
import { LONGEST_SIGNED_TOKEN_SECONDS } from '../platform/checks/lifetimes.ts';
import type { Platform } from '../platform/platform.ts';
import { createAdapterFactory } from './adapter/adapter.ts';
import { createClientDirectory } from './clients/client-directory.ts';
import { createClientService } from './clients/clients.service.ts';
import { createConnectedApps } from './consents/connected-apps.service.ts';
import { createDenylist } from './denylist/denylist.ts';
import { createGrantLoader } from './grants/load-grant.ts';
import { refuseJustEnded } from './grants/provider-with-grants.ts';
import { createConsentService } from './interactions/consent.service.ts';
import { createOAuthPages } from './oauth-pages.ts';
import { createProvider } from './provider.ts';
import { auditProviderEvents, logProviderEvents } from './provider-events.ts';
import { createProviderHost } from './provider-host.ts';
import type { Revocations } from './revocations.store.ts';
import { createBrowserSessions } from './sessions/browser-sessions.ts';
import {
  createUserSessions,
  SEEN_ASKED_EVERY_MS,
  touchSessions,
} from './sessions/user-sessions.store.ts';
import { createSigningKeys } from './signing-keys/signing-keys.ts';
import { createAccessTokenVerifier } from './tokens/access-token-verifier.ts';
import { createPresentedTokens } from './tokens/presented-tokens.ts';
import { askDatabase } from './unavailable.ts';

export interface OAuthDependencies {
  platform: Platform;
  issuer: string;
  database: Database;
  notifications: Notifications;
  clock: Clock;
  log: Log;
  masterKey: MasterKey;
  revocations: Revocations;
  identity: IdentityService;
  pages: Pages;
  serviceAccounts: Pick<Credentials, 'redeemAssertion' | 'scopePolicy'>;
  fetch: OutboundFetch;
}

/** The authorization server's parts, ready to be put behind doors. */
export async function createOAuth(deps: OAuthDependencies) {
  const { platform, issuer, database, notifications, clock, log, masterKey, revocations } = deps;
  const { identity, pages } = deps;

  const signingKeys = createSigningKeys({
    ...{ database, notifications, masterKey, clock, log },
    rotationSeconds: platform.oauth.signingKeyRotationSeconds,
    longestTokenSeconds: LONGEST_SIGNED_TOKEN_SECONDS,
  });
  const denylist = createDenylist({ database, notifications, clock });
  const clients = createClientDirectory({ database, notifications });
  // First listen, then read: what changes in between is heard.
  await notifications.start();
  await Promise.all([signingKeys.start(), denylist.start()]);

  const verifier = createAccessTokenVerifier({ issuer, signingKeys, denylist, clock });
  const presentedTokens = createPresentedTokens(verifier);
  const sessionUses = createLastUses({
    ...{ clock, log, freshMs: SEEN_ASKED_EVERY_MS },
    write: (seen) => touchSessions(database.pool, seen),
  });
  const adapter = createAdapterFactory({
    ...{ database, notifications, masterKey, clock, revocations, presentedTokens },
    sessionSeen: sessionUses.used,
  });
  const host = createProviderHost({
    signingKeys,
    build: () => {
      const provider = createProvider({
        ...{ platform, issuer, adapter, clients, signingKeys, masterKey, clock },
        fetch: deps.fetch,
        redeemAssertion: deps.serviceAccounts.redeemAssertion,
        expandScopes: deps.serviceAccounts.scopePolicy.expand,
        findAccount: createAccountFinder(identity),
        loadGrant: createGrantLoader({ platform, database, clock }),
        pages: createOAuthPages({ pages, findUser: identity.findUser }),
        admit: refuseJustEnded(denylist),
      });
      logProviderEvents(provider, log);
      auditProviderEvents(provider, { database, clock, log });
      return provider;
    },
  });

  return {
    signingKeys,
    denylist,
    clients,
    verifier,
    presentedTokens,
    host,
    sessions: createBrowserSessions({ host, issuer, platform }),
    userSessions: createUserSessions({ database, clock }),
    sessionUses,
    consent: createConsentService({ platform, database, clock, identity, clients }),
    connectedApps: createConnectedApps({
      ...{ platform, database, notifications, clock, identity, clients, revocations },
    }),
    clientService: createClientService({ database, platform, clock, masterKey, host, revocations }),
  };
}

/** Users as oidc-provider asks for them; a disabled one does not exist. */
function createAccountFinder(identity: IdentityService) {
  return async (_ctx: unknown, id: string) => {
    const user = await askDatabase(() => identity.findActiveUser(id));
    if (!user) return undefined;
    return {
      accountId: user.id,
      claims: async () => ({
        sub: user.id,
        name: user.name,
        email: user.email,
        email_verified: user.emailVerified,
      }),
    };
  };
}
