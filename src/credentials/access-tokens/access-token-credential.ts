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

/** Limits count by the grant, so that a refresh is no fresh start; without a user, by the client. */
function toPrincipal(claims: AccessTokenClaims, scopePolicy: ScopePolicy): Principal {
  return {
    kind: 'access_token',
    id: claims.grant_id ?? claims.client_id,
    subject: claims.sub,
    subjectKind: claims.sub === claims.client_id ? 'client' : 'user',
    organizationId: claims.org_id ?? null,
    environment: null,
    scopes: scopePolicy.expand(splitScope(claims.scope)),
    limits: {},
    identity: null,
  };
}
