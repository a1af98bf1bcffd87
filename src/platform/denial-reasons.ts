/**
 * Every reason for which the gate says no, in the order in which its stages ask.
 *
 * Canonical: logs, metrics and tests speak these names. What a caller reads is the platform's dialect of
 * them (status, code, body). They tell the operator apart what a dialect may well word alike.
 */
export const DENIAL_REASONS = [
  /** The request line or a header cannot be read safely: encoded slashes, dot segments, a control character. */
  'malformed_request',
  /** No method and path of the platform file fits. Also a known path under another method. */
  'route_not_found',

  // Authenticate: who is calling?
  /** No credential where the platform looks for one. */
  'missing_credential',
  /** Two credentials that differ, or one presented in two ways (RFC 6750 §2). */
  'ambiguous_credential',
  /** A key that is unknown, mistyped (its checksum fails), disabled or revoked. */
  'invalid_api_key',
  /** A key, or a playground key, past its `expires_at`. */
  'expired_credential',
  /** An access token or service JWT that is malformed, of another issuer or audience, badly signed, replayed or revoked. */
  'invalid_token',
  /** An access token or service JWT past its `exp`: refreshing mends it. Apart from `expired_credential`
   * because documents word an expired key and an expired token differently. */
  'expired_token',
  /** A good key from an address that is not on the key's list. */
  'address_not_allowed',

  // Organization and ownership: for whom?
  /** The organization header is asked for and absent, or the credential serves several and none was chosen. */
  'organization_required',
  /** Header or path name an organization other than the credential's. Existence is never revealed. */
  'organization_mismatch',

  // Entitlement: may they?
  /** A key that lacks the route's scope, or a playground key on a route not open to it. */
  'insufficient_permission',
  /** An access token or service JWT that lacks the route's scope (RFC 6750 §3.1 insufficient_scope). */
  'insufficient_scope',
  /** The organization's plan does not include the route's module. */
  'not_entitled',

  // Metering: within which limits?
  /** A rate (up to an hour's window) is used up; waiting mends it. */
  'rate_limited',
  /** A quota (a day or longer, or for life) is used up. */
  'quota_exceeded',

  /** A part the decision needs (database, limits store under policy `deny`) is away. */
  'temporarily_unavailable',

  // The proxy: what became of a request that was let through?
  /** No connection to the upstream, or one that broke before an answer, or an answer that is no HTTP. */
  'upstream_unreachable',
  /** The upstream did not begin to answer within `upstream.timeout`. */
  'upstream_timeout',
] as const;

export type DenialReason = (typeof DENIAL_REASONS)[number];
