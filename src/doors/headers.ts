/**
 * The headers of every page. Nothing is loaded from elsewhere, nothing inline runs, and no other site
 * may frame a page.
 *
 * @param formTargets where a form may lead beside this origin. Chrome holds the whole chain of
 * redirects after a form against it, so the consent page names the app's redirect URI.
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
  };
}

/** For the authorization endpoint's own answers: redirects, and form_post with its one inline script. */
export function authorizationHeaders(): Record<string, string> {
  return { 'content-security-policy': "frame-ancestors 'none'; base-uri 'none'", ...COMMON };
}

const COMMON = {
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A redirect URI as a CSP source: its origin, or the scheme of an app's own. */
export function formTargetOf(redirectUri: string): string | undefined {
  const url = URL.parse(redirectUri);
  if (!url) return undefined;
  if (url.protocol === 'http:' || url.protocol === 'https:') return url.origin;
  return /^[a-z][a-z0-9+.-]*:$/.test(url.protocol) ? url.protocol : undefined;
}
