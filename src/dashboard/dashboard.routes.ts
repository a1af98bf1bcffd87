import type { FastifyInstance } from 'fastify';
import type { Credentials } from '../credentials/credentials.ts';
import type { Database } from '../database/database.ts';
import { sendPage } from '../doors/browser.ts';
import { createOrganizationQuotas } from '../gate/organization-quotas.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { Invitations } from '../identity/invitations.service.ts';
import type { Proofs } from '../identity/second-factor/proofs.ts';
import type { ThrottleDesk } from '../identity/throttle-desk.ts';
import type { Clock } from '../lib/clock.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { ClientService } from '../oauth/clients/clients.service.ts';
import type { ConnectedApps } from '../oauth/consents/connected-apps.service.ts';
import type { UserSessions } from '../oauth/sessions/user-sessions.store.ts';
import type { SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import type { Pages } from '../pages/render.ts';
import type { Usage } from '../usage/usage.service.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { appRoutes } from './apps.routes.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { auditRoutes } from './audit.routes.ts';
import { connectedAppRoutes } from './connected-apps.routes.ts';
import { frameOf, pathOf, sectionsOf } from './frame.ts';
import { givenUpOf } from './given-up.ts';
import { invitationRoutes } from './invitations.routes.ts';
import { keyRoutes } from './keys.routes.ts';
import { leakNoticeRoutes, leakNoticesOf } from './leak-notices.routes.ts';
import { memberRoutes } from './members.routes.ts';
import { noticeOf } from './notices.ts';
import { operatorRoutes } from './operator.routes.ts';
import { NEW_ORGANIZATION, organizationRoutes } from './organization.routes.ts';
import { planRoutes } from './plan.routes.ts';
import { securityRoutes } from './security.routes.ts';
import { createSentForms } from './sent-forms.store.ts';
import { serviceAccountRoutes } from './service-accounts.routes.ts';
import { usageRoutes } from './usage.routes.ts';
import { createUsageReports } from './usage-report.ts';
import { createVisits, type VisitDependencies } from './visit.ts';
import { webhookRoutes } from './webhooks.routes.ts';

export interface DashboardDependencies extends VisitDependencies {
  pages: Pages;
  issuer: string;
  /** Where the platform's API is called. */
  apiUrl: string;
  database: Database;
  clock: Clock;
  clientService: ClientService;
  serviceAccounts: Credentials['serviceAccounts'];
  apiKeys: Credentials['apiKeys'];
  usage: Usage;
  identity: IdentityService;
  invitations: Invitations;
  quotas: CounterStore;
  connectedApps: ConnectedApps;
  userSessions: UserSessions;
  proofs: Proofs;
  signingKeys: SigningKeys;
  throttleDesk: ThrottleDesk;
  webhooks: Pick<Webhooks, 'subscriptions'>;
}

/** The developer's desk, one area after the other. */
export async function dashboardRoutes(door: FastifyInstance, deps: DashboardDependencies) {
  const area: Area = {
    ...deps,
    door,
    visits: createVisits(deps),
    sentForms: createSentForms(deps),
  };
  overviewRoutes(area, deps);
  leakNoticeRoutes(area, deps);
  appRoutes(area);
  serviceAccountRoutes(area);
  webhookRoutes(area, deps);
  const usageReports = createUsageReports(deps);
  keyRoutes(area, { ...deps, usageReports });
  usageRoutes(area, { ...deps, usageReports });
  memberRoutes(area, deps);
  invitationRoutes(area, deps);
  organizationRoutes(area, deps);
  planRoutes(area, { organizationQuotas: createOrganizationQuotas(deps) });
  auditRoutes(area, deps);
  connectedAppRoutes(area, deps);
  securityRoutes(area, deps);
  operatorRoutes(area, deps);
}

/** What somebody has done that led to another organization, or to none. */
const NOTICES = [
  ...['organization_joined', 'organization_left', 'organization_created'],
  'organization_sent_before',
];

function overviewRoutes(area: Area, deps: DashboardDependencies): void {
  const { door, visits, pages, platform } = area;
  const { usage, clock } = deps;
  const glanceAt = createUsageReports({ usage: { read: usage.glance }, clock });
  door.get(
    '/dashboard',
    visits.ofPerson(async (visit) => {
      const first = visit.memberships[0];
      const { notice } = noticeOf(visit, NOTICES);
      if (first) {
        const done = notice ? `?done=${notice}` : '';
        return visit.reply.redirect(`${pathOf('overview', first.organizationId)}${done}`, 303);
      }
      const frame = frameOf(visit, platform, { section: 'overview', csrf: visit.csrf, notice });
      const newUrl = platform.signUp.enabled ? { newUrl: NEW_ORGANIZATION } : {};
      return sendPage(visit.reply, pages.render('dashboard/no-organization', { frame, ...newUrl }));
    }),
  );
  door.get(
    OF_ORGANIZATION,
    visits.ofOrganization(async (visit) => {
      const { build, organization } = sectionsOf(platform);
      const { notice } = noticeOf(visit, [...NOTICES, 'leak_dismissed']);
      const frame = frameOf(visit, platform, { section: 'overview', csrf: visit.csrf, notice });
      const leaks = await leakNoticesOf(visit, area, deps);
      const givenUp = await givenUpOf(visit, area, deps);
      const start = [...build, ...organization.slice(0, 2)].map((name) => ({
        ...{ name, current: false, href: pathOf(name, visit.organization.id) },
      }));
      const chart = await glanceAt(visit.organization.id, 'day', {});
      const lastDay =
        chart !== 'busy' && chart.allowed + chart.refused > 0
          ? { usage: { chart, href: pathOf('usage', visit.organization.id) } }
          : {};
      const model = { frame, leaks, givenUp, start, ...lastDay };
      return sendPage(visit.reply, pages.render('dashboard/overview', model));
    }),
  );
}
