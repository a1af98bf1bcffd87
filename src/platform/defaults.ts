import type { DenialReason } from './denial-reasons.ts';
import type { Translated } from './platform.ts';

/** What a platform file leaves unsaid, in the words of the file; the schema shows them to editors. */
export const DEFAULTS = {
  language: 'en',
  accentColor: '#1f5fbf',
  tokens: {
    access_token: '1h',
    id_token: '1h',
    authorization_code: '60s',
    refresh_token: '30d',
    grant: '365d',
    session: '14d',
    interaction: '1h',
  },
  oauth: {
    refresh_tokens: 'always',
    signing_key_rotation: '30d',
    playground: true,
  },
  signUpEnabled: true,
  whenRedisIsAway: 'allow',
  serviceJwts: { maxLifetime: '1h', replayProtection: 'when_jti' },
  userTokens: {
    tokenPath: '/v1/auth/token',
    refreshPath: '/v1/auth/refresh',
    fieldStyle: 'snake_case',
  },
  playgroundKeys: {
    path: '/v1/playground/keys',
    identifyBy: ['fingerprint', 'address'],
    organization: 'playground',
    issueRate: { limit: 10, window: '1h' },
  },
  webhooks: {
    signatureHeader: 'X-Webhook-Signature',
    signatureStyle: 'timestamped',
    tolerance: '5m',
    deliveryRate: { limit: 100, window: '1m' },
  },
  upstreamTimeout: '30s',
  contentType: 'application/json',
  body: { error: { code: '{code}', message: '{message}', retry_after: '{retry_after}' } },
} as const;

/** The plan of a file without plans. Nobody wrote its name, so it is said in every language. */
export const DEFAULT_PLAN = {
  title: 'Default',
  translations: { en: { title: 'Default' }, de: { title: 'Standard' } },
} satisfies Translated<'title'> & { title: string };

/** Status and sentence of each denial where the dialect has none; the code is then the reason itself. */
export const DEFAULT_DENIALS: Readonly<Record<DenialReason, { status: number; message: string }>> =
  {
    malformed_request: { status: 400, message: 'The request could not be read.' },
    route_not_found: { status: 404, message: 'There is nothing here for this method and path.' },
    missing_credential: { status: 401, message: 'No credential was provided.' },
    ambiguous_credential: { status: 400, message: 'Send exactly one credential, in one way.' },
    invalid_api_key: { status: 401, message: 'The API key is not valid.' },
    expired_credential: { status: 401, message: 'The API key has expired.' },
    invalid_token: { status: 401, message: 'The token is not valid.' },
    expired_token: { status: 401, message: 'The token has expired.' },
    address_not_allowed: { status: 403, message: 'This key may not be used from your address.' },
    organization_required: { status: 400, message: 'Name the organization you are calling for.' },
    organization_mismatch: { status: 403, message: 'This credential is for another organization.' },
    insufficient_permission: { status: 403, message: 'The API key lacks a required permission.' },
    insufficient_scope: { status: 403, message: 'The token lacks a required scope.' },
    not_entitled: { status: 403, message: 'Your plan does not include this.' },
    rate_limited: { status: 429, message: 'Too many requests. Retry in {retry_after} seconds.' },
    quota_exceeded: { status: 429, message: 'The quota is used up.' },
    temporarily_unavailable: { status: 503, message: 'Temporarily unavailable. Please retry.' },
    upstream_unreachable: { status: 502, message: 'The API cannot be reached right now.' },
    upstream_timeout: { status: 504, message: 'The API did not answer in time.' },
  };
