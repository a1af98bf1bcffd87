import type { Clock } from '../lib/clock.ts';
import { rateLimitHeaders } from './answer.ts';
import type { Denial, GateRequest } from './context.ts';
import type { Decision, Gate } from './gate.ts';
import type { IdentityHeaders, UpstreamIdentity } from './upstream-identity.ts';

/** The request that a proxy asks about. */
export type AskedAbout = Pick<GateRequest, 'method' | 'target'>;

/** In which headers a proxy says what it asks about: nginx by our configuration, Traefik and Caddy by habit. */
export type ProxyStyle = 'original' | 'forwarded';

const STYLES = {
  original: { method: 'x-original-method', target: 'x-original-uri' },
  forwarded: { method: 'x-forwarded-method', target: 'x-forwarded-uri' },
} as const satisfies Record<ProxyStyle, { method: string; target: string }>;

/** No request line is like this: the gate denies it as malformed_request. */
const UNREADABLE: AskedAbout = { method: '', target: '' };

/** RFC 9110 §9.1, with a bound. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;

/**
 * What a proxy says in headers. One style at a time: a proxy overwrites the headers of its own style only,
 * so those of another come from the caller, who would like a harmless request to be judged in the place of
 * the real one.
 *
 * @param accepted the styles that may be spoken here
 */
export function askedInHeaders(
  headers: GateRequest['headers'],
  accepted: readonly ProxyStyle[],
): AskedAbout {
  const [style, ...others] = stylesIn(headers);
  if (!style || others.length > 0 || !accepted.includes(style)) return UNREADABLE;
  const method = headers[STYLES[style].method];
  const target = headers[STYLES[style].target];
  if (typeof method !== 'string' || typeof target !== 'string') return UNREADABLE;
  return METHOD.test(method) ? { method, target } : UNREADABLE;
}

/**
 * What Envoy says: the method is the check's own, the target stands behind a prefix. A proxy that speaks
 * in headers and was pointed here by mistake is refused; it would have one path judged for all.
 */
export function askedInPath(
  headers: GateRequest['headers'],
  method: string,
  target: string,
): AskedAbout {
  return stylesIn(headers).length === 0 ? { method, target } : UNREADABLE;
}

const stylesIn = (headers: GateRequest['headers']): ProxyStyle[] =>
  (Object.keys(STYLES) as ProxyStyle[]).filter(
    (style) =>
      headers[STYLES[style].method] !== undefined || headers[STYLES[style].target] !== undefined,
  );

export type CheckOutcome = Leave | { readonly allowed: false; readonly denial: Denial };

export interface Leave {
  readonly allowed: true;
  /** For the upstream: x-gatehouse-*. */
  readonly identity: IdentityHeaders;
  /** For the caller: how the limits stand. */
  readonly limits: Readonly<Record<string, string>>;
}

export interface ForwardAuth {
  /** Without waiting where the gate doesn't, and the caller's assertion is at hand. */
  check(request: GateRequest): CheckOutcome | Promise<CheckOutcome>;
}

/** The gate for a proxy that asks before it forwards. */
export function createForwardAuth(deps: {
  gate: Gate;
  upstreamIdentity: UpstreamIdentity;
  clock: Clock;
}): ForwardAuth {
  const { gate, upstreamIdentity, clock } = deps;

  function conclude(decision: Decision): CheckOutcome | Promise<CheckOutcome> {
    if (!decision.allowed) return { allowed: false, denial: decision.denial };
    const { context } = decision;
    const limits = rateLimitHeaders(context.counts ?? [], clock.now());
    const identity = upstreamIdentity.headersFor(context);
    return identity instanceof Promise
      ? identity.then((made) => ({ allowed: true, identity: made, limits }))
      : { allowed: true, identity, limits };
  }

  return {
    check(request) {
      const decision = gate.decide(request);
      return decision instanceof Promise ? decision.then(conclude) : conclude(decision);
    },
  };
}
