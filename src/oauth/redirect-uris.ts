/**
 * An app on the user's own machine listens on whatever port is free: for a loopback address, given as
 * an IP literal, the port of a registered URI does not count; everything else does.
 *
 * @see RFC 8252 §7.3
 */
export function isLoopbackRedirect(uri: string, registered: readonly string[]): boolean {
  const portless = withoutPort(uri);
  return portless !== undefined && registered.some((known) => withoutPort(known) === portless);
}

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(?=[/?]|$)/;

/** Works on the text, so that nothing is forgiven that a URL parser would normalise. */
function withoutPort(uri: string): string | undefined {
  const match = LOOPBACK.exec(uri);
  if (!match || uri.includes('#')) return undefined;
  if (match[2] !== undefined && Number(match[2]) > 65_535) return undefined;
  return `http://${match[1]}${uri.slice(match[0].length)}`;
}

/** Schemes that run or read something instead of leading somewhere. */
const DANGEROUS =
  /^(javascript|data|vbscript|file|blob|about|filesystem|view-source|mailto|ftp|wss?):/i;

/** Scheme, two slashes, a host that every parser reads alike, a port. */
const PLAIN_WEB = /^https?:\/\/([\p{L}\p{N}_.-]+|\[[\da-f:.]+\])(:\d+)?([/?]|$)/iu;

/** What can be wrong with a redirect URI, and how it is said of one: "<uri> has a fragment". */
const FAULTS = {
  scheme: 'has a scheme that does not lead to an app',
  characters: 'has white space, a backslash or a control character',
  wildcard: 'has a wildcard; each redirect URI is registered whole',
  relative: 'is not an absolute URI',
  fragment: 'has a fragment',
  user: 'has a user name in it',
  host: 'has no plain host name',
  insecure: 'must use https; http is for loopback addresses',
  private_scheme:
    'has a private-use scheme without a domain name; use one like com.example.app:/callback',
} as const;

export type RedirectUriFault = keyof typeof FAULTS;

/**
 * Why a redirect URI cannot be registered, or undefined.
 *
 * @see RFC 9700 §2.1, §4.1; RFC 8252 §7; RFC 7591 §5
 */
export function redirectUriFault(uri: string): RedirectUriFault | undefined {
  if (DANGEROUS.test(uri)) return 'scheme';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\s\\\u0000-\u001f\u007f]/.test(uri)) return 'characters';
  if (uri.includes('*')) return 'wildcard';
  const url = URL.parse(uri);
  if (!url) return 'relative';
  if (uri.includes('#')) return 'fragment';
  if (url.username || url.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri)) return 'user';
  if (/^https?:/i.test(uri) && !PLAIN_WEB.test(uri)) return 'host';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:') return isLoopback(url) ? undefined : 'insecure';
  // An app's own scheme is its domain name turned round, so that two apps don't collide.
  return url.protocol.includes('.') ? undefined : 'private_scheme';
}

/** The same, in words for whoever registers it. */
export function redirectUriProblem(uri: string): string | undefined {
  const fault = redirectUriFault(uri);
  return fault && FAULTS[fault];
}

/** Whether an address leads back to the machine it is opened on. */
export const isLoopback = ({ hostname }: URL): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
