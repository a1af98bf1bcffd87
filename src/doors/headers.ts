/**
 * The headers of every page. Nothing is loaded from elsewhere, nothing inline runs, and no other site
 * may frame a page.
 *
 * @param formTargets where a form may lead beside this origin. Chrome holds the whole chain of
 * redirects after a form against it, so a page within an app's request names where that ends. Such a
 * page may also stand in a popup: the app that opened it is waiting for its window to come back.
 */
export function pageHeaders(formTargets: readonly string[] = []): Record<string, string> {
  const formAction = ["'self'", ...formTargets].join(' ');
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      `form-action ${formAction}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    ...COMMON,
    ...(formTargets.length > 0 ? OPENER_KEPT : OPENER_CUT),
  };
}

/** For the authorization endpoint's redirects; its pages bring those of a page. */
export function authorizationHeaders(): Record<string, string> {
  const policy = "default-src 'none'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'";
  return { 'content-security-policy': policy, ...COMMON, ...OPENER_KEPT };
}

const COMMON = {
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Whether a window of another site that opened this one can still reach it, and be reached. */
const OPENER_CUT = { 'cross-origin-opener-policy': 'same-origin' };
const OPENER_KEPT = { 'cross-origin-opener-policy': 'unsafe-none' };

/**
 * A redirect URI as a CSP source: its scheme. Its host would be narrower, but many an app sends the
 * browser on from its redirect URI to a host that only it knows, and Chrome stops there, too; nor does
 * CSP know IPv6 addresses. `http:` covers https (CSP3 §6.7.2.8): a loopback app may go on to the web.
 */
export const formTargetOf = (redirectUri: string): string | undefined =>
  URL.parse(redirectUri)?.protocol;
