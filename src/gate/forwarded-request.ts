import type { Platform } from '../platform/platform.ts';
import { endToEndHeaders } from './hop-by-hop.ts';
import { withoutQueryParameter } from './request-target.ts';
import type { IdentityHeaders, UpstreamIdentity } from './upstream-identity.ts';

/** Where a request came from, as far as it can be believed. */
export interface Caller {
  /** From the caller through the trusted proxies to the one that is connected to us. */
  readonly addresses: readonly string[];
  /** `http` or `https`, as the caller used it. */
  readonly protocol: string;
  readonly host: string;
  readonly requestId: string;
}

/** What is sent to the upstream, beside the body. */
export interface ForwardedRequest {
  readonly method: string;
  /** Origin-form, with the path of the upstream's own URL before it. */
  readonly path: string;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
}

/** A request line and headers as they came. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
}

/**
 * Between the playground's page and the gate. In a call: the page wants to hear the verdicts. In its answer:
 * what each stage said, as JSON.
 */
export const VERDICTS_HEADER = 'playground-verdicts';

/**
 * Not sent on, because we say it ourselves (Host, X-Request-Id; and Expect, which we answer), because only
 * a trusted proxy may say it (Forwarded and its kin), or because frameworks read another method or path
 * from it than the one that the gate has decided on.
 */
const WITHHELD = new Set([
  VERDICTS_HEADER,
  'host',
  'expect',
  'x-request-id',
  'forwarded',
  'x-real-ip',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-original-method',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
]);

/** Others are as good as forged: WSGI, CGI and PHP take `X_Forwarded_For` for `X-Forwarded-For`. */
const PLAIN_NAME = /^[a-z0-9-]+$/i;

/** Cookies of Gatehouse's own pages, where these and the API share a host. */
export const OWN_COOKIE = /^(__Host-|__Secure-)?gatehouse_/i;

/**
 * Makes of a request that was let through the one that the upstream gets: who is calling in place of the
 * credential, which stays here, and where the call came from as far as TRUST_PROXY allows to tell.
 *
 * @param deps.basePath of the upstream's URL, without trailing slash
 */
export function createRequestForwarding(deps: {
  platform: Platform;
  identity: Pick<UpstreamIdentity, 'isReserved'>;
  basePath: string;
}) {
  const { presentations } = deps.platform;
  const secret = new Set(
    presentations.flatMap((one) => {
      if (one.in === 'query') return [];
      return [one.in === 'bearer' ? 'authorization' : one.name];
    }),
  );
  const secretParameters = presentations.flatMap((one) => (one.in === 'query' ? [one.name] : []));

  const isWithheld = (name: string) =>
    WITHHELD.has(name) ||
    name.startsWith('x-forwarded-') ||
    secret.has(name) ||
    deps.identity.isReserved(name);

  return (
    received: ReceivedRequest,
    caller: Caller,
    identityHeaders: IdentityHeaders,
  ): ForwardedRequest => {
    const headers: string[] = [];
    for (const [name, value] of endToEndHeaders(received.rawHeaders)) {
      const key = name.toLowerCase();
      if (!PLAIN_NAME.test(name) || isWithheld(key)) continue;
      const kept = key === 'cookie' ? withoutOwnCookies(value) : value;
      if (kept !== undefined) headers.push(name, kept);
    }
    for (const [name, value] of Object.entries(identityHeaders)) headers.push(name, value);
    headers.push(
      ...['x-request-id', caller.requestId],
      ...['x-forwarded-for', caller.addresses.join(', ')],
      ...['x-forwarded-proto', caller.protocol],
      ...['x-forwarded-host', caller.host],
      ...['via', '1.1 gatehouse'],
    );
    const target = withoutQueryParameter(received.target, secretParameters);
    return { method: received.method, path: deps.basePath + target, headers };
  };
}

/** Whoever has the session of a person could act as them here: it is nothing for the API. */
function withoutOwnCookies(value: string): string | undefined {
  if (!value.includes('gatehouse_')) return value;
  const kept = value.split(';').filter((pair) => !OWN_COOKIE.test(pair.trim()));
  return kept.length > 0 ? kept.join(';').trim() : undefined;
}
