import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import type { IdentityService } from '../../identity/identity.service.ts';
import type { Clock } from '../../lib/clock.ts';
import { looksLikeId } from '../../lib/identifier.ts';
import { permissionOf } from '../../pages/platform-text.ts';
import type { ConnectedApp as ShownApp } from '../../pages/view-models.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { publisherOf } from '../clients/house-clients.ts';
import type { Revocations } from '../revocations.store.ts';
import { IDENTITY_SCOPES } from '../scopes.ts';
import { findLastTokenTimes } from './connected-apps.store.ts';
import { type Consent, listConsents, revokeConsent } from './consents.store.ts';

/** An app as its user sees it; the form to disconnect it is the page's. */
export type ConnectedApp = Omit<ShownApp, 'disconnect'> & { readonly consentId: string };

/** A user's standing consents, in their own hands. */
export interface ConnectedApps {
  /** The one used last first. */
  of(userId: string): Promise<ConnectedApp[]>;
  /**
   * Ends a consent with every token under it, here before this returns, in every process within a second.
   *
   * @returns false: it isn't this user's, or has ended already
   */
  disconnect(userId: string, consentId: string, audit: AuditContext): Promise<boolean>;
}

export interface ConnectedAppsDependencies {
  platform: Platform;
  database: Database;
  notifications: Notifications;
  clock: Clock;
  identity: Pick<IdentityService, 'organizations'>;
  clients: ClientDirectory;
  revocations: Revocations;
}

export function createConnectedApps(deps: ConnectedAppsDependencies): ConnectedApps {
  const { platform, database, notifications, clock, identity, clients, revocations } = deps;

  async function describe(consent: Consent, lastToken: Date | undefined): Promise<ConnectedApp> {
    const { organizationId, scopes, createdAt, lastUsedAt } = consent;
    const [client, organization] = await Promise.all([
      clients.find(consent.clientId),
      organizationId ? identity.organizations.find(organizationId) : undefined,
    ]);
    const publisher = client && publisherOf(client, platform);
    return {
      consentId: consent.id,
      name: client?.name ?? consent.clientId,
      ...(publisher ? { publisher } : {}),
      ...(organization ? { organization: organization.name } : {}),
      identity: IDENTITY_SCOPES.filter((scope) => scopes.includes(scope)),
      permissions: platform.scopes
        .filter(({ name }) => scopes.includes(name))
        .map((scope) => permissionOf(platform, scope)),
      since: createdAt,
      // A refresh asks nobody and touches no consent, but it is a use.
      lastUsed: lastToken && lastToken > lastUsedAt ? lastToken : lastUsedAt,
    };
  }

  return {
    async of(userId) {
      const [consents, lastTokens] = await Promise.all([
        listConsents(database.pool, userId),
        findLastTokenTimes(database.pool, userId),
      ]);
      const apps = consents.map((consent) => describe(consent, lastTokens.get(consent.id)));
      return (await Promise.all(apps)).sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
    },

    async disconnect(userId, consentId, audit) {
      if (!looksLikeId(consentId)) return false;
      const wanted = { id: consentId, userId };
      const ended = await revokeConsent(database, wanted, clock.now(), revocations, audit);
      if (ended) await notifications.caughtUp();
      return ended;
    },
  };
}
