import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { AuditEvent } from '../../audit/audit.ts';
import type { NamedMembership } from '../../identity/identity.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import { permissionOf } from '../../pages/platform-text.ts';
import type { ConsentPage, IdentityScope, Permission } from '../../pages/view-models.ts';
import type { Platform, PlatformScope } from '../../platform/platform.ts';
import type { OAuthClient } from '../clients/client.ts';
import { publisherOf } from '../clients/house-clients.ts';
import { grantConsent } from '../consents/consents.store.ts';
import { newGrant } from '../grants/new-grant.ts';
import { createRoleCeiling } from '../role-ceiling.ts';
import { IDENTITY_SCOPES, OFFLINE_ACCESS } from '../scopes.ts';
import { assess, type ConsentSources } from './consent-request.ts';
import type { InteractionRequest } from './interaction.ts';

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
  /** The user's role in that organization includes nothing of what is asked: no tick could change that. */
  | { outcome: 'organization_powerless' }
  /**
   * Every permission was left unticked, and the app did not ask who the user is either; or what it rests
   * on has ended at this moment. The same as a no.
   */
  | { outcome: 'nothing_granted' };

export type ConsentService = ReturnType<typeof createConsentService>;

export interface ConsentDependencies extends ConsentSources {
  clock: Clock;
}

/** The question put to the end user, and what follows from the answer. */
export function createConsentService(deps: ConsentDependencies) {
  const { platform, database, clock } = deps;
  const scopes = new Map(platform.scopes.map((scope) => [scope.name, scope]));
  const isWithinRole = createRoleCeiling(platform);
  const read = (request: InteractionRequest, userId: string) =>
    assess({ ...deps, isWithinRole }, request, userId);

  return {
    async question(request: InteractionRequest, userId: string): Promise<ConsentQuestion> {
      const { client, user, allowed, asked, known, choices, isPowerless } = await read(
        request,
        userId,
      );
      const selected = choices.find((one) => !isPowerless(one)) ?? choices[0];
      const lacking = (scope: string) => choices.filter(({ role }) => !isWithinRole(role, scope));
      const isWithheld = (scope: string) =>
        choices.length > 0 && lacking(scope).length === choices.length;
      const show = (names: readonly string[]) =>
        names
          .filter((name) => !isWithheld(name))
          .flatMap((name) => {
            // Where nothing can be given the choice of organizations says so.
            const elsewhere = lacking(name).filter((one) => !isPowerless(one));
            return toPermission(platform, scopes.get(name), elsewhere);
          });
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
          powerless: isPowerless(one),
        })),
        ...(selected ? { selectedOrganizationId: selected.organizationId } : {}),
        identity: request.scopes.filter(isIdentityScope).filter((scope) => !known.includes(scope)),
        permissions: show(asked),
        alreadyAllowed: show(allowed),
        withheld: [...allowed, ...asked]
          .filter(isWithheld)
          .flatMap((name) => toPermission(platform, scopes.get(name))),
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
      const { client, allowed, asked, choices, aboutTheUser, isPowerless } = await read(
        request,
        userId,
      );
      const sole = choices.length === 1 ? choices[0]!.organizationId : undefined;
      // What was posted counts: the user must not find another organization connected than they chose.
      const organizationId = answer.organizationId ?? sole ?? null;
      const choice = choices.find((one) => one.organizationId === organizationId);
      const isAsked = choices.length > 0 || organizationId !== null;
      if (isAsked && !choice) return { outcome: 'organization_missing' };
      if (choice && isPowerless(choice)) return { outcome: 'organization_powerless' };

      const wanted = [...allowed, ...asked.filter((scope) => answer.scopes.includes(scope))];
      const agreed = wanted.filter((scope) => isWithinRole(choice?.role, scope));
      const refused = [...allowed, ...asked].filter((scope) => !agreed.includes(scope));
      const granted = [...aboutTheUser, ...agreed];
      if (granted.length === 0) return { outcome: 'nothing_granted' };

      const now = clock.now();
      const about = { userId, clientId: client.id, organizationId, scopes: granted, refused };
      const consent = await grantConsent(database, { id: newId(now), ...about }, now, audit);
      if (!consent) return { outcome: 'nothing_granted' };
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
  platform: Platform,
  scope: PlatformScope | undefined,
  lacking: readonly NamedMembership[] = [],
): Permission[] {
  if (!scope) return [];
  const notIn = lacking.map(({ organizationName }) => organizationName);
  return [{ ...permissionOf(platform, scope), ...(notIn.length > 0 ? { notIn } : {}) }];
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
