import { fileURLToPath } from 'node:url';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Config } from './config.ts';
import { createAccessTokenCredential } from './credentials/access-tokens/access-token-credential.ts';
import { type Credentials, createCredentials } from './credentials/credentials.ts';
import type { Database } from './database/database.ts';
import type { Notifications } from './database/notifications.ts';
import { demoRoutes } from './demo/demo.routes.ts';
import type { DemoAccess } from './demo/demo.ts';
import { useBrowserDoor } from './doors/browser.ts';
import { type LogStream, logAnswers, loggerOptions } from './doors/logging.ts';
import { newRequestId } from './doors/request-id.ts';
import { answerUnknownPaths } from './doors/unknown-path.ts';
import { buildGate } from './gate/build-gate.ts';
import type { Gate } from './gate/gate.ts';
import { protectedResourceRoutes } from './gate/protected-resource.routes.ts';
import { accountRoutes } from './identity/account.routes.ts';
import { createAccountForms } from './identity/account-forms.ts';
import { createIdentityService } from './identity/identity.service.ts';
import { createOrganizationDirectory } from './identity/organization-directory.ts';
import { createPasswords } from './identity/passwords.ts';
import { createSignInThrottle } from './identity/sign-in-throttle.ts';
import type { Clock } from './lib/clock.ts';
import { createMasterKey } from './lib/master-key.ts';
import { createOutboundFetch } from './lib/outbound.ts';
import { managementRoutes } from './management/management.routes.ts';
import { consentRoutes } from './oauth/consents/consents.routes.ts';
import { interactionRoutes } from './oauth/interactions/interaction.routes.ts';
import { oauthRoutes } from './oauth/oauth.routes.ts';
import { createOAuth } from './oauth/oauth.ts';
import { createRevocations } from './oauth/revocations.store.ts';
import { operationsRoutes } from './operations.routes.ts';
import { assetRoutes } from './pages/assets.routes.ts';
import { brandOf } from './pages/brand.ts';
import { createPages } from './pages/render.ts';
import { syncDeclarations } from './platform/declarations.store.ts';
import type { Platform } from './platform/platform.ts';

export interface AppDependencies {
  config: Config;
  /** The origin of every URL this server names. */
  issuer: string;
  platform: Platform;
  database: Database;
  /** Not started yet: it starts when every part has said what it listens to. */
  notifications: Notifications;
  clock: Clock;
  /** Where the log goes; default standard output. */
  logStream?: LogStream;
  /** The demo's access data, where there is a demo. */
  demo?: () => DemoAccess | undefined;
}

/** Services that the process and tests reach besides HTTP. */
export interface Gatehouse {
  app: FastifyInstance;
  identity: ReturnType<typeof createIdentityService>;
  oauth: Awaited<ReturnType<typeof createOAuth>>;
  credentials: Credentials;
  gate: Gate;
}

const VIEWS_DIR = fileURLToPath(new URL('../views', import.meta.url));

/**
 * Wires every part. Three roads: browser (pages, cookies), token (the protocol), gate; each behind its
 * own door. The caller listens, and closes.
 */
export async function buildApp(deps: AppDependencies): Promise<Gatehouse> {
  const app = fastify({
    logger: loggerOptions(deps.config.logLevel, deps.logStream),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    requestIdHeader: false,
    trustProxy: deps.config.trustProxy === false ? false : [...deps.config.trustProxy],
    forceCloseConnections: 'idle',
    bodyLimit: 256 * 1024,
  });
  const parts = await createParts(deps, app.log);
  await mountDoors(app, deps, parts);
  const { identity, oauth, credentials, gate } = parts;
  return { app, identity, oauth, credentials, gate };
}

type Parts = Awaited<ReturnType<typeof createParts>>;

/** The rules, independent of HTTP. */
async function createParts(deps: AppDependencies, log: FastifyBaseLogger) {
  const { config, issuer, platform, database, notifications, clock } = deps;
  const masterKey = createMasterKey(config.masterKey);
  await syncDeclarations(database, platform, clock.now());
  const revocations = createRevocations({ clock });
  const { hashSecret } = masterKey;
  const identity = createIdentityService({
    ...{ database, clock, revocations, log },
    passwords: createPasswords(),
    throttle: createSignInThrottle({ executor: database.pool, clock, hashSecret }),
    platformName: platform.name,
    defaultPlan: platform.defaultPlan,
  });
  const organizations = createOrganizationDirectory({ database, notifications });
  const credentials = createCredentials({
    ...{ platform, database, notifications, masterKey, clock, log, organizations },
  });
  const pages = createPages({ platform: brandOf(platform), viewsDir: VIEWS_DIR });
  const { allowPrivateTargets } = config;
  const oauth = await createOAuth({
    ...{ platform, issuer, database, notifications, clock, log, masterKey, revocations },
    ...{ identity, pages },
    fetch: createOutboundFetch({ allowPrivateTargets }),
  });
  const forms = createAccountForms({ identity, pages });
  const { scopePolicy, apiKeyVerifier } = credentials;
  const { verifier } = oauth;
  const tokens = createAccessTokenCredential({ platform, verifier, clock, scopePolicy });
  const verifiers = [apiKeyVerifier, tokens];
  const gate = buildGate({ platform, database, clock, log, organizations, verifiers });
  return { masterKey, revocations, identity, credentials, pages, oauth, forms, gate };
}

/** Every way in, and what stands in front of it. */
async function mountDoors(app: FastifyInstance, deps: AppDependencies, parts: Parts) {
  const { config, issuer, platform, database, notifications, clock } = deps;
  const { masterKey, revocations, identity, credentials, pages, oauth, forms, gate } = parts;
  const { host, sessions, clients, consent, connectedApps, verifier, presentedTokens } = oauth;
  const { findActiveUser } = identity;
  const brand = brandOf(platform);

  logAnswers(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  const { adminKey } = config;
  await app.register(operationsRoutes, { database, notifications, masterKey, adminKey });
  await app.register(assetRoutes, { viewsDir: VIEWS_DIR, brand });

  // Protocol: form bodies, OAuth errors, no cookies of ours.
  const tokenRoad = { host, issuer, platform, clock, verifier, presentedTokens, findActiveUser };
  await app.register(oauthRoutes, tokenRoad);
  await app.register(protectedResourceRoutes, { platform, issuer });

  // Management, and the gate's decisions: JSON, problem details, bearer only.
  await app.register(managementRoutes, {
    ...{ platform, issuer, database, clock, masterKey, identity, revocations, oauth },
    ...{ gate, credentials, adminKey: config.adminKey },
  });

  // Browser: cookies, CSRF, pages.
  await app.register(async (door) => {
    await useBrowserDoor(door, { pages, issuer });
    await door.register(accountRoutes, {
      ...{ pages, platform, identity, forms, sessions, connectedApps },
    });
    await door.register(consentRoutes, { pages, sessions, connectedApps });
    if (deps.demo) await door.register(demoRoutes, { pages, platform, issuer, access: deps.demo });
    await door.register(interactionRoutes, {
      ...{ host, platform, pages, forms, sessions, clients, consent },
    });
  });
  answerUnknownPaths(app, pages);
}
