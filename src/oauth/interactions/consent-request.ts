import type { Database } from '../../database/database.ts';
import type { IdentityService } from '../../identity/identity.service.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { findConsent, type StandingConsent } from '../consents/consents.store.ts';
import type { RoleCeiling } from '../role-ceiling.ts';
import { InteractionGoneError, type InteractionRequest } from './interaction.ts';

export interface ConsentSources {
  platform: Platform;
  database: Database;
  identity: IdentityService;
  clients: ClientDirectory;
}

/**
 * What is on the table: who asks, what stands already, what is new, and where it is the user's to give.
 *
 * @throws InteractionGoneError: the app or the user is there no more
 */
export async function assess(
  deps: ConsentSources & { isWithinRole: RoleCeiling },
  request: InteractionRequest,
  userId: string,
) {
  const { platform, database, identity, clients } = deps;
  const client = await clients.find(request.clientId);
  const user = await identity.findUser(userId);
  if (!client || !user) throw new InteractionGoneError();
  const standing = request.asksConsentAgain
    ? undefined
    : await findConsent(database.pool, { userId, clientId: client.id });
  const declared = new Set(platform.scopes.map(({ name }) => name));
  const permissions = request.scopes.filter((scope) => declared.has(scope));
  const aboutTheUser = request.scopes.filter((scope) => !declared.has(scope));
  const memberships = permissions.length > 0 ? await identity.membershipsOf(userId) : [];
  // Who they are and staying connected are theirs to give anywhere.
  const isPowerless = ({ role }: (typeof memberships)[number]) =>
    aboutTheUser.length === 0 && !permissions.some((scope) => deps.isWithinRole(role, scope));

  const setOut = (consent: StandingConsent | undefined) => {
    const added = request.scopes.filter((scope) => !consent?.scopes.includes(scope));
    // Asked although nothing was added (by an app that could be any program): then about everything.
    const isNew = (scope: string) => added.length === 0 || added.includes(scope);
    return {
      allowed: permissions.filter((scope) => !isNew(scope)),
      asked: permissions.filter(isNew),
      known: request.scopes.filter((scope) => !isNew(scope)),
      // A consent that grows stays with its organization; another one is chosen with prompt=consent.
      choices: consent?.organizationId
        ? memberships.filter((one) => one.organizationId === consent.organizationId)
        : memberships,
    };
  };
  const growing = setOut(standing);
  // Nor does it grow where the user's role has become too small for all of it: they choose anew.
  const isStuck = growing.choices.length > 0 && growing.choices.every(isPowerless);
  return {
    ...{ client, user, aboutTheUser, isPowerless },
    ...(isStuck ? setOut(undefined) : growing),
  };
}
