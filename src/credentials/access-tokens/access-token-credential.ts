import { decodeProtectedHeader } from 'jose';
import { LRUCache } from 'lru-cache';
import type { CredentialVerifier, Principal, Verdict } from '../../gate/principal.ts';
import type { Clock } from '../../lib/clock.ts';
import { splitScope } from '../../oauth/scopes.ts';
import type {
  AccessTokenClaims,
  AccessTokenVerifier,
} from '../../oauth/tokens/access-token-verifier.ts';
import { looksLikeJwt } from '../../oauth/tokens/presented-tokens.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopePolicy } from '../scope-policy.ts';

/** Tokens whose signature was checked: memory for about this many. */
const CHECKED_TOKENS = 20_000;

interface Checked {
  readonly claims: AccessTokenClaims;
  readonly principal: Principal;
}

/**
 * Access tokens of this server at the gate. A signature is checked once for each token and process; its
 * expiry and the denylist at every request.
 *
 * @see RFC 9068 §4
 */
export function createAccessTokenCredential(deps: {
  platform: Platform;
  verifier: AccessTokenVerifier;
  clock: Clock;
  scopePolicy: ScopePolicy;
}): CredentialVerifier {
  const { platform, verifier, clock, scopePolicy } = deps;
  const checked = new LRUCache<string, Checked>({ max: CHECKED_TOKENS });

  function judge({ claims, principal }: Checked): Verdict | Promise<Verdict> {
    if (claims.exp * 1000 <= clock.now().getTime()) {
      return { refusal: 'expired_token', owner: principal };
    }
    const denied = verifier.isDenied(claims);
    const conclude = (is: boolean): Verdict =>
      is ? { refusal: 'invalid_token', owner: principal } : { principal };
    return denied instanceof Promise ? denied.then(conclude) : conclude(denied);
  }

  async function check(token: string): Promise<Verdict> {
    const verdict = await verifier.verifySignature(token);
    if ('refusal' in verdict) return verdict;
    const { claims } = verdict;
    const isForUs = [claims.aud].flat().includes(platform.api.identifier);
    // Bound to a key of the client's: without proof of it, it could be anybody's (RFC 9449 §7.1).
    if (!isForUs || claims.cnf) return { refusal: 'invalid_token' };
    const entry = { claims, principal: toPrincipal(claims, scopePolicy) };
    checked.set(token, entry);
    return judge(entry);
  }

  return {
    kind: 'access_token',
    recognises: isAccessToken,
    verify(token) {
      const known = checked.get(token);
      return known ? judge(known) : check(token);
    },
  };
}

/** By its own word, which the signature must then confirm: `typ` tells it from a service's JWT. */
function isAccessToken(token: string): boolean {
  if (!looksLikeJwt(token)) return false;
  try {
    return decodeProtectedHeader(token).typ === 'at+jwt';
  } catch {
    return false;
  }
}

/**
 * Limits count by the user and the app, or by the client alone: neither a refresh nor another authorization,
 * which an app gets at will under a consent that stands, is a fresh start.
 */
function toPrincipal(claims: AccessTokenClaims, scopePolicy: ScopePolicy): Principal {
  const { sub, client_id: clientId, org_id: organizationId = null } = claims;
  return {
    kind: 'access_token',
    id: claims.grant_id ?? clientId,
    countsAs: sub === clientId ? clientId : [clientId, sub, organizationId ?? 'none'].join(':'),
    subject: sub,
    subjectKind: sub === clientId ? 'client' : 'user',
    organizationId,
    environment: null,
    scopes: scopePolicy.expand(splitScope(claims.scope)),
    limits: {},
    identity: null,
  };
}
