import type { FastifyInstance } from 'fastify';
import type { Credentials } from '../credentials/credentials.ts';
import type { Database } from '../database/database.ts';
import { answerUnknownRequests, useManagementDoor } from '../doors/management.ts';
import { decisionRoutes } from '../gate/decision.routes.ts';
import type { Gate } from '../gate/gate.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { Clock } from '../lib/clock.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { ClientService } from '../oauth/clients/clients.service.ts';
import type { Revocations } from '../oauth/revocations.store.ts';
import type { SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import type { Platform } from '../platform/platform.ts';
import { apiKeyRoutes } from './api-keys.routes.ts';
import { auditRoutes } from './audit.routes.ts';
import { clientRoutes } from './clients.routes.ts';
import { consentRoutes } from './consents.routes.ts';
import { declarationRoutes } from './declarations.routes.ts';
import { membershipRoutes } from './memberships.routes.ts';
import { openApiRoutes } from './openapi.routes.ts';
import { organizationRoutes } from './organizations.routes.ts';
import { createAuthentication } from './principal.ts';
import type { ManagementApi } from './schemas.ts';
import { signingKeyRoutes } from './signing-keys.routes.ts';
import { userRoutes } from './users.routes.ts';

export interface ManagementDependencies {
  platform: Platform;
  issuer: string;
  adminKey: string;
  masterKey: MasterKey;
  database: Database;
  clock: Clock;
  identity: IdentityService;
  revocations: Revocations;
  oauth: { clientService: ClientService; signingKeys: SigningKeys };
  credentials: Credentials;
  gate: Gate;
}

const RESOURCES: readonly ((api: ManagementApi, deps: ManagementDependencies) => void)[] = [
  organizationRoutes,
  userRoutes,
  membershipRoutes,
  clientRoutes,
  consentRoutes,
  declarationRoutes,
  apiKeyRoutes,
  signingKeyRoutes,
  auditRoutes,
];

/** The management API under /manage/v1, and its description at /openapi.json. */
export async function managementRoutes(
  door: FastifyInstance,
  deps: ManagementDependencies,
): Promise<void> {
  const { issuer, platform, clock, gate } = deps;
  const authenticate = createAuthentication({ ...deps, apiKeys: deps.credentials.apiKeyVerifier });
  useManagementDoor(door, { issuer, authenticate });
  await openApiRoutes(door, { issuer, platformName: platform.name });
  decisionRoutes(door, { issuer, platform, clock, gate });
  await door.register(
    async (api) => {
      answerUnknownRequests(api);
      for (const addRoutes of RESOURCES) addRoutes(api, deps);
    },
    { prefix: '/manage/v1' },
  );
}
