import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { AuditEvent } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { IdentityService } from '../../identity/identity.service.ts';
import type { NamedMembership } from '../../identity/identity.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { ConsentPage, IdentityScope, Permission } from '../../pages/view-models.ts';
import type { Platform, PlatformScope } from '../../platform/platform.ts';
import type { OAuthClient } from '../clients/client.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { publisherOf } from '../clients/house-clients.ts';
import { findConsent, grantConsent } from '../consents/consents.store.ts';
import { newGrant } from '../grants/new-grant.ts';
import { createRoleCeiling } from '../role-ceiling.ts';
import { IDENTITY_SCOPES, OFFLINE_ACCESS } from '../scopes.ts';
import { InteractionGoneError, type InteractionRequest } from './interaction.ts';

/** What the consent page shows, but for its forms, which are the route's. */
export type ConsentQuestion = Omit<ConsentPage, 'action' | 'csrf' | 'switchAccount' | 'error'>;

export interface ConsentAnswer {
  readonly organizationId: string | undefined;
  /** The permissions left ticked. */
  readonly scopes: readonly string[];
}

export type ConsentOutcome =
  | { outcome: 'granted'; grantId: string }
  /** The organization is missing, or the user does not belong to it (any more). */
  | { outcome: 'organization_missing' }
  /**
   * Every permission was left unticked, and the app did not ask who the user is either; or what it rests
   * on has ended at this moment. The same as a no.
   */
  | { outcome: 'nothing_granted' };

export type ConsentService = ReturnType<typeof createConsentService>;

export interface ConsentDependencies {
  platform: Platform;
  database: Database;
  clock: Clock;
  identity: IdentityService;
  clients: ClientDirectory;
}

/** The question put to the end user, and what follows from the answer. */
export function createConsentService(deps: ConsentDependencies) {
  const { platform, database, clock } = deps;
  const scopes = new Map(platform.scopes.map((scope) => [scope.name, scope]));
  const isWithinRole = createRoleCeiling(platform);

  return {
    async question(request: InteractionRequest, userId: string): Promise<ConsentQuestion> {
      const { client, user, allowed, asked, known, choices } = await assess(deps, request, userId);
      const lacking = (scope: string) => choices.filter(({ role }) => !isWithinRole(role, scope));
      const isWithheld = (scope: string) =>
        choices.length > 0 && lacking(scope).length === choices.length;
      const show = (names: readonly string[]) =>
        names
          .filter((name) => !isWithheld(name))
          .flatMap((name) => toPermission(scopes.get(name), lacking(name)));
      const offline =
        client.grantTypes.includes('refresh_token') && isNewsToStay(platform, request, known);
      return {
        app: appIdentity(client, publisherOf(client, platform)),
        redirect: redirectTarget(request.redirectUri),
        account: { name: user.name, email: user.email },
        organizations: choices.map((one) => ({
          id: one.organizationId,
          name: one.organizationName,
          role: one.role,
        })),
        ...(choices[0] ? { selectedOrganizationId: choices[0].organizationId } : {}),
        identity: request.scopes.filter(isIdentityScope).filter((scope) => !known.includes(scope)),
        permissions: show(asked),
        alreadyAllowed: show(allowed),
        withheld: [...allowed, ...asked]
          .filter(isWithheld)
          .flatMap((name) => toPermission(scopes.get(name))),
        offline,
      };
    },

    /**
     * Stores the consent and the grant under it. What was not asked cannot be granted, nor what is above the
     * user's role in the organization they chose: that counts as left unticked.
     */
    async answer(
      provider: Provider,
      request: InteractionRequest,
      userId: string,
      answer: ConsentAnswer,
      audit: Pick<AuditEvent, 'actor' | 'address' | 'requestId'>,
    ): Promise<ConsentOutcome> {
      const { client, allowed, asked, choices } = await assess(deps, request, userId);
      const sole = choices.length === 1 ? choices[0]!.organizationId : undefined;
      // What was posted counts: the user must not find another organization connected than they chose.
      const organizationId = answer.organizationId ?? sole ?? null;
      const choice = choices.find((one) => one.organizationId === organizationId);
      const isAsked = choices.length > 0 || organizationId !== null;
      if (isAsked && !choice) return { outcome: 'organization_missing' };

      const wanted = [...allowed, ...asked.filter((scope) => answer.scopes.includes(scope))];
      const agreed = wanted.filter((scope) => isWithinRole(choice?.role, scope));
      const refused = [...allowed, ...asked].filter((scope) => !agreed.includes(scope));
      const identityScopes = request.scopes.filter((scope) => !scopes.has(scope));
      const granted = [...identityScopes, ...agreed];
      if (granted.length === 0) return { outcome: 'nothing_granted' };

      const now = clock.now();
      const about = { userId, clientId: client.id, organizationId, scopes: granted, refused };
      const consent = await grantConsent(database, { id: newId(now), ...about }, now, audit);
      const { resources } = request;
      const grant = newGrant(provider, { ...about, consentId: consent.id, resources });
      try {
        return { outcome: 'granted', grantId: await grant.save() };
      } catch (error) {
        if (error instanceof errors.AccessDenied) return { outcome: 'nothing_granted' };
        throw error;
      }
    },
  };
}

/** What is on the table: who asks, what stands already, and what is new. */
async function assess(deps: ConsentDependencies, request: InteractionRequest, userId: string) {
  const { platform, database, identity, clients } = deps;
  const client = await clients.find(request.clientId);
  const user = await identity.findUser(userId);
  if (!client || !user) throw new InteractionGoneError();
  const standing = request.asksConsentAgain
    ? undefined
    : await findConsent(database.pool, { userId, clientId: client.id });
  const added = request.scopes.filter((scope) => !standing?.scopes.includes(scope));
  // Asked although nothing was added (by an app that could be any program): then about everything.
  const isNew = (scope: string) => added.length === 0 || added.includes(scope);
  const declared = new Set(platform.scopes.map((scope) => scope.name));
  const permissions = request.scopes.filter((scope) => declared.has(scope));
  const memberships = permissions.length > 0 ? await identity.membershipsOf(userId) : [];
  return {
    ...{ client, user },
    allowed: permissions.filter((scope) => !isNew(scope)),
    asked: permissions.filter(isNew),
    known: request.scopes.filter((scope) => !isNew(scope)),
    // A consent that grows stays with its organization; another one is chosen with prompt=consent.
    choices: standing?.organizationId
      ? memberships.filter((one) => one.organizationId === standing.organizationId)
      : memberships,
  };
}

/** Said once: not to somebody who knows it from the consent that stands. */
function isNewsToStay(
  platform: Platform,
  request: InteractionRequest,
  known: readonly string[],
): boolean {
  if (platform.oauth.refreshTokens === 'always') return known.length === 0;
  return request.scopes.includes(OFFLINE_ACCESS) && !known.includes(OFFLINE_ACCESS);
}

const appIdentity = (client: OAuthClient, publisher: string | undefined): ConsentPage['app'] => ({
  name: client.name,
  ...(publisher ? { publisher } : {}),
  ...(client.clientUri ? { homeUrl: client.clientUri } : {}),
  ...(client.tosUri ? { termsUrl: client.tosUri } : {}),
  ...(client.policyUri ? { privacyUrl: client.policyUri } : {}),
});

/** @param lacking where the user's role does not include it */
function toPermission(
  scope: PlatformScope | undefined,
  lacking: readonly NamedMembership[] = [],
): Permission[] {
  if (!scope) return [];
  const { name, title, description, access } = scope;
  const notIn = lacking.map(({ organizationName }) => organizationName);
  return [{ scope: name, title, description, access, ...(notIn.length > 0 ? { notIn } : {}) }];
}

function isIdentityScope(scope: string): scope is IdentityScope {
  return (IDENTITY_SCOPES as readonly string[]).includes(scope);
}

function redirectTarget(redirectUri: string): ConsentPage['redirect'] {
  const url = URL.parse(redirectUri);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  const isLoopback = url && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url && isWeb && !isLoopback ? { kind: 'host', host: url.host } : { kind: 'device' };
}
