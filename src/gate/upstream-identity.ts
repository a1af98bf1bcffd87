import { SignJWT } from 'jose';
import { type Clock, epochSeconds } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { SigningKey, SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import type { Platform } from '../platform/platform.ts';
import type { GateContext } from './context.ts';
import type { Principal } from './principal.ts';

/** How the principal reaches the upstream: in headers that no caller can send. */
export interface UpstreamIdentity {
  /**
   * Names that a caller may never send through: all that headersFor sets, and every other x-gatehouse-*.
   * With underscores too: WSGI, CGI and PHP read `X_Gatehouse_Subject` as the same header.
   *
   * @param headerName lower-cased
   */
  isReserved(headerName: string): boolean;
  /**
   * What says to the upstream who is calling: each of IDENTITY_HEADERS, empty where there is nothing to
   * say. Without waiting where the signed part is in the cache.
   *
   * @param context of a request that was let through
   */
  headersFor(context: GateContext): IdentityHeaders | Promise<IdentityHeaders>;
}

export type IdentityHeaders = Readonly<Record<string, string>>;

/** Tells an assertion from every other JWT of this issuer: neither passes for the other (RFC 8725 §3.11). */
export const ASSERTION_TYPE = 'gatehouse-assertion+jwt';

/** An assertion is handed out anew while at least half of this is left. */
export const ASSERTION_TTL_SECONDS = 60;

const PLAIN_HEADERS = [
  'x-gatehouse-credential',
  'x-gatehouse-credential-id',
  'x-gatehouse-subject',
  'x-gatehouse-organization',
  'x-gatehouse-environment',
  'x-gatehouse-scopes',
  'x-gatehouse-plan',
] as const;

const ASSERTION_HEADER = 'x-gatehouse-assertion';

/** What the configurations in deploy/ must hand on to the upstream, and take from the caller. */
export const IDENTITY_HEADERS = [...PLAIN_HEADERS, ASSERTION_HEADER] as const;

const RESERVED = /^x[-_]gatehouse[-_]/;

/** Who calls for whom: what the headers say, plain and signed. */
interface Caller {
  readonly principal: Principal;
  readonly organizationId: string | null;
  readonly plan: string | null;
}

interface Issued {
  readonly caller: Caller;
  readonly kid: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** A promise while the signature is being made: those who ask meanwhile share it. */
  headers: IdentityHeaders | Promise<IdentityHeaders>;
}

/**
 * Plain headers for an upstream that only the gate can reach, and a signed assertion for one that wants
 * proof. Assertions are kept for as long as the principal's own cache entry is, so a warm decision signs
 * nothing; they are signed by the current key, verified by /oauth/jwks.
 *
 * @param deps.issuer `iss` of the assertions
 * @see RFC 7519, RFC 8725
 */
export function createUpstreamIdentity(deps: {
  platform: Platform;
  issuer: string;
  signingKeys: SigningKeys;
  clock: Clock;
}): UpstreamIdentity {
  const { signingKeys, clock } = deps;
  const issued = new WeakMap<Principal, Issued>();

  function issue(caller: Caller, key: SigningKey, issuedAt: number): Promise<IdentityHeaders> {
    const plain = plainHeaders(caller);
    const headers = signAssertion(caller, { ...deps, key, issuedAt }).then(
      (assertion): IdentityHeaders => ({ ...plain, [ASSERTION_HEADER]: assertion }),
    );
    const entry: Issued = { caller, kid: key.kid, issuedAt, headers };
    issued.set(caller.principal, entry);
    headers.then(
      (made) => {
        entry.headers = made;
      },
      () => issued.delete(caller.principal),
    );
    return headers;
  }

  return {
    isReserved: (headerName) => RESERVED.test(headerName),
    headersFor(context) {
      const caller = callerOf(context);
      const key = signingKeys.all[0]!;
      const now = epochSeconds(clock);
      const known = issued.get(caller.principal);
      return known && isGood(known, caller, key, now) ? known.headers : issue(caller, key, now);
    },
  };
}

function callerOf({ principal, organizationId, plan }: GateContext): Caller {
  return {
    principal: principal!,
    organizationId: organizationId ?? null,
    plan: plan?.name ?? null,
  };
}

/** Still the same caller, the key that signs today, and half a life before it. */
function isGood({ caller, kid, issuedAt }: Issued, asked: Caller, key: SigningKey, now: number) {
  const age = now - issuedAt;
  return (
    kid === key.kid &&
    age >= 0 &&
    age <= ASSERTION_TTL_SECONDS / 2 &&
    caller.organizationId === asked.organizationId &&
    caller.plan === asked.plan
  );
}

function plainHeaders({ principal, organizationId, plan }: Caller): IdentityHeaders {
  const values: Record<(typeof PLAIN_HEADERS)[number], string | null> = {
    'x-gatehouse-credential': principal.kind,
    'x-gatehouse-credential-id': principal.id,
    'x-gatehouse-subject': principal.subject,
    'x-gatehouse-organization': organizationId,
    'x-gatehouse-environment': principal.environment,
    'x-gatehouse-scopes': [...principal.scopes].join(' '),
    'x-gatehouse-plan': plan,
  };
  return Object.fromEntries(PLAIN_HEADERS.map((name) => [name, values[name] ?? '']));
}

/** Claims without a value are left out (RFC 7519 §4). */
function signAssertion(
  { principal, organizationId, plan }: Caller,
  more: { platform: Platform; issuer: string; clock: Clock; key: SigningKey; issuedAt: number },
): Promise<string> {
  const { platform, issuer, clock, key, issuedAt } = more;
  return new SignJWT({
    iss: issuer,
    aud: platform.api.identifier,
    sub: principal.subject,
    jti: newId(clock.now()),
    iat: issuedAt,
    exp: issuedAt + ASSERTION_TTL_SECONDS,
    credential: principal.kind,
    credential_id: principal.id,
    org_id: organizationId ?? undefined,
    environment: principal.environment ?? undefined,
    scope: [...principal.scopes].join(' '),
    plan: plan ?? undefined,
  })
    .setProtectedHeader({ alg: 'ES256', typ: ASSERTION_TYPE, kid: key.kid })
    .sign(key.signer);
}
