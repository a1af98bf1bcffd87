import { fileURLToPath } from 'node:url';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Config } from './config.ts';
import { createAccessTokenCredential } from './credentials/access-tokens/access-token-credential.ts';
import { type Credentials, createCredentials } from './credentials/credentials.ts';
import { playgroundKeyRoutes } from './credentials/playground-keys/playground-keys.routes.ts';
import { userTokenRoutes } from './credentials/user-tokens/user-tokens.routes.ts';
import { createUserTokenService } from './credentials/user-tokens/user-tokens.service.ts';
import { dashboardRoutes } from './dashboard/dashboard.routes.ts';
import type { Database } from './database/database.ts';
import type { Notifications } from './database/notifications.ts';
import { demoRoutes } from './demo/demo.routes.ts';
import type { DemoAccess } from './demo/demo.ts';
import { docsRoutes } from './docs/docs.routes.ts';
import { useBrowserDoor } from './doors/browser.ts';
import { useGateDoor } from './doors/gate.ts';
import { lazySerializers } from './doors/lazy-serializers.ts';
import { type LogStream, logAnswers, loggerOptions } from './doors/logging.ts';
import { newRequestId } from './doors/request-id.ts';
import { createUnknownPathAnswer } from './doors/unknown-path.ts';
import { refuseUnreadablePaths } from './doors/unreadable-path.ts';
import { buildGate } from './gate/build-gate.ts';
import { forwardAuthRoutes } from './gate/forward-auth.routes.ts';
import type { Gate } from './gate/gate.ts';
import { createOwnPaths, type OwnPaths } from './gate/own-paths.ts';
import type { CredentialVerifier } from './gate/principal.ts';
import { protectedResourceRoutes } from './gate/protected-resource.routes.ts';
import { asksForTunnel, proxyRoutes } from './gate/proxy.routes.ts';
import { createUpstream } from './gate/upstream.ts';
import { createUpstreamIdentity } from './gate/upstream-identity.ts';
import { accountRoutes } from './identity/account.routes.ts';
import { createAccountForms } from './identity/account-forms.ts';
import { createIdentityService } from './identity/identity.service.ts';
import { invitationRoutes } from './identity/invitation.routes.ts';
import { createInvitations, type Invitations } from './identity/invitations.service.ts';
import { createOrganizationDirectory } from './identity/organization-directory.ts';
import { createPasswords } from './identity/passwords.ts';
import { createProofs } from './identity/second-factor/proofs.ts';
import { createSignInThrottle } from './identity/sign-in-throttle.ts';
import { createThrottleDesk } from './identity/throttle-desk.ts';
import { leakRoutes } from './leaks/leaks.routes.ts';
import { createLeakReports } from './leaks/leaks.service.ts';
import { createReporterKeys } from './leaks/reporter-keys.ts';
import type { Clock } from './lib/clock.ts';
import { createMasterKey } from './lib/master-key.ts';
import { createOutboundFetch } from './lib/outbound.ts';
import { buildCounters } from './limits/build-counters.ts';
import { managementRoutes } from './management/management.routes.ts';
import { consentRoutes } from './oauth/consents/consents.routes.ts';
import { interactionRoutes } from './oauth/interactions/interaction.routes.ts';
import { oauthRoutes } from './oauth/oauth.routes.ts';
import { createOAuth } from './oauth/oauth.ts';
import { createRevocations } from './oauth/revocations.store.ts';
import { operationsRoutes } from './operations.routes.ts';
import { assetRoutes } from './pages/assets.routes.ts';
import { brandOf } from './pages/brand.ts';
import { languageRoutes } from './pages/language.routes.ts';
import { createPages, type Pages } from './pages/render.ts';
import { syncDeclarations } from './platform/declarations.store.ts';
import type { Platform } from './platform/platform.ts';
import { playgroundRoutes } from './playground/playground.routes.ts';
import { tryRoutes } from './playground/try.routes.ts';
import { tellVerdicts } from './playground/verdicts.ts';
import { createApiDescription } from './reference/api-description.ts';
import { referenceRoutes } from './reference/reference.routes.ts';
import { createUsage, type Usage } from './usage/usage.service.ts';
import { createWebhooks, type Webhooks } from './webhooks/webhooks.ts';

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
  invitations: Invitations;
  oauth: Awaited<ReturnType<typeof createOAuth>>;
  credentials: Credentials;
  gate: Gate;
  usage: Usage;
  webhooks: Webhooks;
  verifiers: readonly CredentialVerifier[];
}

const VIEWS_DIR = fileURLToPath(new URL('../views', import.meta.url));

/**
 * Wires every part; `main.ts` opens the database, listens, and closes.
 *
 * `createParts` makes the services, which know no HTTP: who people are (identity), what acts for them
 * (credentials, oauth), the gate that judges requests, and what they leave behind (usage, webhooks).
 * `mountDoors` then opens the ways in. A *door* is what all routes of one kind share: how bodies are read and
 * errors are said, whether there are cookies. There are doors for the token road (oauth, the platform's own
 * token paths), for programs (management, playground keys, leak reports), for the gate, and for people.
 * What is nobody's path comes last, and goes to the API behind the proxy.
 */
export async function buildApp(deps: AppDependencies): Promise<Gatehouse> {
  const ownPaths = createOwnPaths();
  const isProxy = Boolean(upstreamUrlOf(deps));
  const pages = createPages({ platform: brandOf(deps.platform), viewsDir: VIEWS_DIR });
  const app = fastify({
    logger: loggerOptions(deps.config.logLevel, deps.logStream),
    logController: new LogController({
      ...{ disableRequestLogging: true, requestIdLogLabel: 'requestId' },
    }),
    genReqId: newRequestId,
    frameworkErrors: refuseUnreadablePaths({ ...deps, ownPaths, isProxy, pages }),
    requestIdHeader: false,
    trustProxy: deps.config.trustProxy === false ? false : [...deps.config.trustProxy],
    forceCloseConnections: 'idle',
    bodyLimit: 256 * 1024,
    schemaController: { compilersFactory: { buildSerializer: lazySerializers() } },
    ...(isProxy ? { http: { shouldUpgradeCallback: asksForTunnel } } : {}),
  });
  ownPaths.learnFrom(app);
  const parts = await createParts(deps, app.log, pages);
  // By then the last request is answered.
  app.addHook('onClose', () => parts.counters.close());
  await mountDoors(app, deps, parts, ownPaths);
  const { identity, invitations, oauth, credentials, gate, usage, webhooks, verifiers } = parts;
  return { app, identity, invitations, oauth, credentials, gate, usage, webhooks, verifiers };
}

type Parts = Awaited<ReturnType<typeof createParts>>;

/** The rules, independent of HTTP. */
async function createParts(deps: AppDependencies, log: FastifyBaseLogger, pages: Pages) {
  const { config, issuer, platform, database, notifications, clock } = deps;
  const masterKey = createMasterKey(config.masterKey);
  await syncDeclarations(database, platform, clock.now());
  const revocations = createRevocations({ clock });
  const { hashSecret } = masterKey;
  const throttle = createSignInThrottle({ executor: database.pool, clock, hashSecret });
  const identity = createIdentityService({
    ...{ database, clock, revocations, log, throttle, hashSecret },
    passwords: createPasswords(),
    platformName: platform.name,
    defaultPlan: platform.defaultPlan,
  });
  const { memberships } = identity;
  const invitations = createInvitations({ platform, database, clock, hashSecret, memberships });
  const organizations = createOrganizationDirectory({ database, notifications });
  const counters = await buildCounters({ database, redisUrl: config.redisUrl, clock, log });
  const { rates, quotas } = counters;
  const credentials = createCredentials({
    ...{ platform, issuer, database, notifications, masterKey, clock, log, revocations },
    ...{ organizations, rates, quotas },
  });
  const { allowPrivateTargets } = config;
  const webhooks = createWebhooks({
    ...{ platform, database, notifications, organizations, masterKey, clock, log },
    targets: { allowPrivateTargets, allowHttp: !config.production },
  });
  const oauth = await createOAuth({
    ...{ platform, issuer, database, notifications, clock, log, masterKey, revocations },
    ...{ identity, pages, serviceAccounts: credentials },
    fetch: createOutboundFetch({ allowPrivateTargets }),
  });
  const proofs = createProofs({
    ...{ database, clock, hashSecret, issuer, throttle, users: identity.users },
    platformName: platform.name,
  });
  const throttleDesk = createThrottleDesk({ database, clock, throttle, users: identity.users });
  const forms = createAccountForms({ identity, pages, issuer, ...proofs });
  const { scopePolicy, apiKeyVerifier, playgroundKeyVerifier, serviceJwtVerifier } = credentials;
  const { verifier, signingKeys } = oauth;
  const tokens = createAccessTokenCredential({ platform, verifier, clock, scopePolicy });
  const verifiers = [apiKeyVerifier, playgroundKeyVerifier, tokens, serviceJwtVerifier];
  const usage = createUsage({ database, clock, log });
  const gate = buildGate({
    ...{ platform, clock, log, organizations, rates, quotas, verifiers },
    ...{ countUsage: usage.record, noteQuotas: webhooks.noteQuotas },
  });
  const upstreamIdentity = createUpstreamIdentity({ platform, issuer, signingKeys, clock });
  const userTokens = createUserTokenService({
    ...{ platform, issuer, database, notifications, clock, masterKey, identity, revocations },
    ...{ scopePolicy, oauth },
  });
  const people = { identity, invitations, pages, forms, revocations, userTokens };
  const security = { proofs, throttleDesk };
  return {
    ...people,
    ...security,
    ...{ organizations, apiDescription: createApiDescription() },
    masterKey,
    credentials,
    oauth,
    counters,
    gate,
    usage,
    upstreamIdentity,
    verifiers,
    webhooks,
  };
}

/** Every way in, and what stands in front of it. */
async function mountDoors(
  app: FastifyInstance,
  deps: AppDependencies,
  parts: Parts,
  ownPaths: OwnPaths,
) {
  const { config, issuer, platform, database, notifications, clock } = deps;
  const { identity, revocations } = parts;
  const { masterKey, credentials, oauth, counters, gate, usage } = parts;
  const { host, verifier, presentedTokens } = oauth;
  const { findActiveUser } = identity;
  const brand = brandOf(platform);

  logAnswers(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  const { adminKey } = config;
  await app.register(operationsRoutes, { database, notifications, counters, masterKey, adminKey });
  await app.register(assetRoutes, { viewsDir: VIEWS_DIR, brand });

  // Protocol: form bodies, OAuth errors, no cookies of ours.
  const tokenRoad = { host, issuer, platform, clock, verifier, presentedTokens, findActiveUser };
  await app.register(oauthRoutes, { ...tokenRoad, pages: parts.pages });
  await app.register(protectedResourceRoutes, { platform, issuer });

  // The platform's own token endpoints: JSON or a form in, the dialect's errors, no cookies.
  await app.register(userTokenRoutes, { platform, issuer, clock, userTokens: parts.userTokens });

  // Strangers ask for a key: JSON, from any origin.
  const { playgroundKeys } = credentials;
  await app.register(playgroundKeyRoutes, { platform, issuer, clock, playgroundKeys });

  // Management, and the gate's decisions: JSON, problem details, a credential, no cookies.
  const { invitations, webhooks, verifiers, apiDescription } = parts;
  await app.register(managementRoutes, {
    ...{ platform, issuer, database, notifications, clock, masterKey, identity, revocations },
    ...{ oauth, gate, credentials, usage, adminKey, webhooks, verifiers, apiDescription },
    ...{ invitations, rates: counters.rates },
  });

  await mountForwardAuth(app, deps, parts);

  // Found in public: JSON signed by the reporter whom the operator names.
  await app.register(leakRoutes, { leaks: leakReportsOf(deps, parts, app.log) });

  await mountPages(app, deps, parts);
  await mountPlaygroundScript(app, deps, parts);

  await answerTheRest(app, deps, parts, ownPaths);
}

/** Gate: bodies unread, credentials for its stages to judge, errors in the platform's dialect. */
async function mountForwardAuth(app: FastifyInstance, deps: AppDependencies, parts: Parts) {
  const { platform, issuer, clock } = deps;
  const { gate, upstreamIdentity, masterKey } = parts;
  await app.register(async (door) => {
    useGateDoor(door, { platform, issuer, clock });
    await door.register(forwardAuthRoutes, {
      ...{ platform, issuer, clock, gate, upstreamIdentity, masterKey },
    });
  });
}

/** What is nobody's: to the API behind the gate where there is one, else 404. */
async function answerTheRest(
  app: FastifyInstance,
  deps: AppDependencies,
  parts: Parts,
  ownPaths: OwnPaths,
) {
  const { platform, issuer, clock } = deps;
  const { gate, upstreamIdentity: identity } = parts;
  const upstreamUrl = upstreamUrlOf(deps);
  const answerUnknown = createUnknownPathAnswer(parts.pages);
  app.setErrorHandler((error, request, reply) =>
    // A body that cannot be read is no reason to say more of a path that isn't there.
    request.is404 ? answerUnknown(request, reply) : reply.send(error),
  );
  if (!upstreamUrl) return app.setNotFoundHandler(answerUnknown);
  await app.register(async (door) => {
    await door.register(proxyRoutes, {
      ...{ platform, issuer, clock, ownPaths, answerUnknown, identity },
      gate: tellVerdicts(door, { gate, platform, issuer, clock }),
      upstream: createUpstream({ url: upstreamUrl, ...platform.upstream }),
    });
  });
}

/** Browser: cookies, CSRF, pages. */
async function mountPages(app: FastifyInstance, deps: AppDependencies, parts: Parts) {
  const { issuer, platform, database, clock } = deps;
  const { identity, invitations, pages, forms, organizations, credentials } = parts;
  const { host, sessions, clients, consent, connectedApps } = parts.oauth;
  const { userSessions, signingKeys } = parts.oauth;
  const { scopePolicy } = credentials;
  const { proofs, throttleDesk } = parts;
  await app.register(async (door) => {
    await useBrowserDoor(door, { pages, issuer });
    await door.register(languageRoutes, { issuer });
    await door.register(accountRoutes, {
      ...{ pages, platform, identity, forms, sessions, connectedApps },
    });
    await door.register(invitationRoutes, { pages, platform, identity, invitations, sessions });
    await door.register(consentRoutes, { pages, sessions, connectedApps });
    await door.register(dashboardRoutes, {
      ...{ pages, platform, identity, organizations, sessions, scopePolicy },
      ...{ issuer, apiUrl: apiUrlOf(deps), database, clock },
      clientService: parts.oauth.clientService,
      ...{ apiKeys: credentials.apiKeys, usage: parts.usage, webhooks: parts.webhooks },
      ...{ invitations, quotas: parts.counters.quotas },
      serviceAccounts: credentials.serviceAccounts,
      ...{ connectedApps, proofs, throttleDesk, userSessions, signingKeys },
    });
    if (deps.demo) await door.register(demoRoutes, { pages, platform, issuer, access: deps.demo });
    await door.register(playgroundRoutes, {
      ...{ pages, platform, issuer, identity, sessions },
      api: { url: apiUrlOf(deps), isHere: Boolean(upstreamUrlOf(deps)) },
      clientService: parts.oauth.clientService,
    });
    await door.register(docsRoutes, { pages, platform, issuer, apiUrl: apiUrlOf(deps) });
    const { apiDescription } = parts;
    await door.register(referenceRoutes, { pages, platform, apiDescription });
    await door.register(interactionRoutes, {
      ...{ host, platform, pages, forms, sessions, clients, consent },
    });
  });
}

/** Undefined: the operator has named nobody whose reports count. */
function leakReportsOf(deps: AppDependencies, parts: Parts, log: FastifyBaseLogger) {
  const { config, platform, database, notifications, clock } = deps;
  const { leakReporterKeysUrl: url, allowPrivateTargets } = config;
  if (!url) return undefined;
  const fetch = createOutboundFetch({ allowPrivateTargets });
  return createLeakReports({
    ...{ platform, database, notifications, clock, log, masterKey: parts.masterKey },
    rates: parts.counters.rates,
    reporterKeys: createReporterKeys({ url, fetch, clock, log }),
  });
}

/** What the playground's pages ask by script: JSON, no cookies, the gate explained. */
async function mountPlaygroundScript(app: FastifyInstance, deps: AppDependencies, parts: Parts) {
  const { platform, issuer, clock } = deps;
  const { gate, oauth } = parts;
  const { signingKeys } = oauth;
  await app.register(tryRoutes, { platform, issuer, clock, gate, signingKeys });
}

/** Where the API is that the gate stands in front of as a proxy; undefined: there is no proxy. */
const upstreamUrlOf = ({ config, platform }: AppDependencies) =>
  config.upstream ?? platform.upstream.url;

/** Where callers of the API go: here where the gate is their proxy, else where its identifier says. */
function apiUrlOf(deps: AppDependencies): string {
  const { protocol, origin } = new URL(deps.platform.api.identifier);
  return upstreamUrlOf(deps) || !/^https?:$/.test(protocol) ? deps.issuer : origin;
}
