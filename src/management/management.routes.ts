import type { FastifyInstance } from 'fastify';
import type { Credentials } from '../credentials/credentials.ts';
import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import { answerUnknownRequests, useManagementDoor } from '../doors/management.ts';
import { decisionRoutes } from '../gate/decision.routes.ts';
import type { Gate } from '../gate/gate.ts';
import type { CredentialVerifier } from '../gate/principal.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { Invitations } from '../identity/invitations.service.ts';
import type { Clock } from '../lib/clock.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { ClientService } from '../oauth/clients/clients.service.ts';
import type { Revocations } from '../oauth/revocations.store.ts';
import type { SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import type { Platform } from '../platform/platform.ts';
import type { ApiDescription } from '../reference/api-description.ts';
import type { Usage } from '../usage/usage.service.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { apiKeyRoutes } from './api-keys.routes.ts';
import { auditRoutes } from './audit.routes.ts';
import { chargeCalls } from './call-rate.ts';
import { clientRoutes } from './clients.routes.ts';
import { consentRoutes } from './consents.routes.ts';
import { declarationRoutes } from './declarations.routes.ts';
import { invitationRoutes } from './invitations.routes.ts';
import { membershipRoutes } from './memberships.routes.ts';
import { openApiRoutes } from './openapi.routes.ts';
import { organizationRoutes } from './organizations.routes.ts';
import { createAuthentication, keyHeadersOf } from './principal.ts';
import type { ManagementApi } from './schemas.ts';
import { serviceAccountRoutes } from './service-accounts.routes.ts';
import { signingKeyRoutes } from './signing-keys.routes.ts';
import { usageRoutes } from './usage.routes.ts';
import { userRoutes } from './users.routes.ts';
import { webhookDeliveryRoutes } from './webhook-deliveries.routes.ts';
import { webhookRoutes } from './webhooks.routes.ts';

export interface ManagementDependencies {
  platform: Platform;
  issuer: string;
  adminKey: string;
  masterKey: MasterKey;
  database: Database;
  clock: Clock;
  identity: IdentityService;
  invitations: Invitations;
  revocations: Revocations;
  oauth: { clientService: ClientService; signingKeys: SigningKeys };
  credentials: Credentials;
  notifications: Pick<Notifications, 'caughtUp'>;
  /** One for each kind of credential that the gate takes. */
  verifiers: readonly CredentialVerifier[];
  gate: Gate;
  /** Where the gate counts rates. */
  rates: CounterStore;
  usage: Usage;
  webhooks: Pick<Webhooks, 'subscriptions' | 'publish'>;
  /** Where /reference reads what this API is. */
  apiDescription: ApiDescription;
}

const RESOURCES: readonly ((api: ManagementApi, deps: ManagementDependencies) => void)[] = [
  organizationRoutes,
  userRoutes,
  membershipRoutes,
  invitationRoutes,
  clientRoutes,
  consentRoutes,
  declarationRoutes,
  apiKeyRoutes,
  serviceAccountRoutes,
  webhookRoutes,
  webhookDeliveryRoutes,
  signingKeyRoutes,
  auditRoutes,
  usageRoutes,
];

/** The management API under /manage/v1, and its description at /openapi.json. */
export async function managementRoutes(
  door: FastifyInstance,
  deps: ManagementDependencies,
): Promise<void> {
  const { issuer, platform, clock, gate } = deps;
  const authenticate = createAuthentication(deps);
  useManagementDoor(door, { issuer, authenticate });
  const keyHeaders = keyHeadersOf(platform);
  const describe = await openApiRoutes(door, { issuer, platformName: platform.name, keyHeaders });
  deps.apiDescription.publish(describe);
  decisionRoutes(door, { issuer, platform, clock, gate });
  await door.register(
    async (api) => {
      answerUnknownRequests(api);
      chargeCalls(api, deps);
      // What a write has answered is in force in this process, whose next request may be here already.
      api.addHook('onSend', async (request, reply, payload) => {
        if (request.method !== 'GET' && reply.statusCode < 300) await deps.notifications.caughtUp();
        return payload;
      });
      for (const addRoutes of RESOURCES) addRoutes(api, deps);
    },
    { prefix: '/manage/v1' },
  );
}
