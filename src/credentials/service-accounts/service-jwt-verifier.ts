import { LRUCache } from 'lru-cache';
import type { CredentialVerifier, Principal, Verdict } from '../../gate/principal.ts';
import { type Clock, epochSeconds } from '../../lib/clock.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import type { ServiceAccount } from './service-account.ts';
import type { ServiceAccountDirectory } from './service-account-directory.ts';
import { looksLikeServiceJwt } from './service-jwt.ts';
import type { CheckedJwt, ServiceJwtCheck } from './service-jwt-check.ts';

/** JWTs whose signature was checked: so many, and so many characters of them, are remembered. */
const CHECKED_JWTS = 20_000;
const CHECKED_CHARACTERS = 16 * 1024 * 1024;

/** A clock that is behind must not take for new what another one took before: seconds. */
const MARKER_MARGIN_SECONDS = 60;

/** Takes a jti of an account for the first and only time, see service-jwt-replay.store.ts. */
export type ClaimJti = (accountId: string, jti: string, expiresAt: Date) => Promise<boolean>;

/**
 * JWTs that service accounts sign themselves, as bearer. What may come again costs a signature check once
 * for each process and state of its account; its expiry, and that the account and its keys are as they
 * were, are checked at every request.
 */
export function createServiceJwtVerifier(deps: {
  platform: Platform;
  issuer: string;
  directory: ServiceAccountDirectory;
  check: ServiceJwtCheck;
  claimJti: ClaimJti;
  clock: Clock;
  scopePolicy: ScopePolicy;
  /** Told of every use; must not wait. */
  used: (accountId: string) => void;
}): CredentialVerifier {
  const { platform, issuer, directory, check, claimJti, clock, scopePolicy } = deps;
  const { enabled, replayProtection, maxLifetimeSeconds } = platform.serviceJwts;
  const rules = { audiences: [platform.api.identifier, issuer], maxLifetimeSeconds };
  const known = rememberChecked();
  /** Those that may come once only, and are in use. */
  const held = rememberChecked();
  const principals = new WeakMap<ServiceAccount, Principal>();

  function admit({ account }: CheckedJwt): Verdict {
    deps.used(account.id);
    const made = principals.get(account) ?? toPrincipal(account, scopePolicy);
    principals.set(account, made);
    return { principal: made };
  }

  async function verifyAnew(text: string): Promise<Verdict> {
    const checked = await check(text, rules);
    if ('refusal' in checked) return { refusal: checked.refusal };
    const { jti, exp } = checked.claims;
    if (jti === undefined && replayProtection === 'required') return REFUSED;
    if (jti === undefined || replayProtection === 'off') {
      known.set(text, checked);
      return admit(checked);
    }
    const isFirst = await claimJti(checked.account.id, jti, markerExpiry(exp));
    return isFirst ? admit(checked) : REFUSED;
  }

  async function checkHeld(text: string): Promise<Verdict> {
    const checked = await check(text, rules);
    if ('refusal' in checked) return { refusal: checked.refusal };
    held.set(text, checked);
    return admit(checked);
  }

  function again(
    text: string,
    checked: CheckedJwt,
    anew: (text: string) => Promise<Verdict>,
  ): Verdict | Promise<Verdict> {
    const { account, claims } = checked;
    // Whatever has changed about the account, it was read anew since.
    if (directory.peek(account.id) !== account) {
      known.delete(text);
      held.delete(text);
      return anew(text);
    }
    return claims.exp <= epochSeconds(clock) ? { refusal: 'expired_token' } : admit(checked);
  }

  return {
    kind: 'service_jwt',
    recognises: (text) => enabled && (known.has(text) || looksLikeServiceJwt(text)),
    verify(text) {
      const checked = known.get(text);
      return checked ? again(text, checked, verifyAnew) : verifyAnew(text);
    },
    verifyAgain(text) {
      const checked = known.get(text) ?? held.get(text);
      return checked ? again(text, checked, checkHeld) : checkHeld(text);
    },
  };
}

const rememberChecked = () =>
  new LRUCache<string, CheckedJwt>({
    max: CHECKED_JWTS,
    maxSize: CHECKED_CHARACTERS,
    sizeCalculation: (_checked, text) => text.length,
  });

const REFUSED: Verdict = { refusal: 'invalid_token' };

/** When a jti may be forgotten. @param exp seconds since the epoch */
export const markerExpiry = (exp: number): Date =>
  new Date((Math.ceil(exp) + MARKER_MARGIN_SECONDS) * 1000);

const toPrincipal = (account: ServiceAccount, scopePolicy: ScopePolicy): Principal => ({
  kind: 'service_jwt',
  id: account.id,
  subject: account.id,
  organizationId: account.organizationId,
  environment: null,
  scopes: scopePolicy.expand(account.scopes),
  limits: {},
  identity: null,
});
