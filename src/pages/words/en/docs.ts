import { duration, list, per } from './amounts.ts';

/**
 * The documentation page of a platform. These words also go into Markdown: `code`, **strong** and
 * [links](/like-this) are written as there, and what fills a gap is escaped before it comes here.
 */

interface Platform {
  platform: string;
}

interface Api {
  api: string;
}

const SMALL_NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five'];
export const docs = {
  'docs.title': 'Authentication',
  'docs.description': (p: Api) => `How to authenticate requests to the ${p.api}.`,
  'docs.contents': 'On this page',
  'docs.menu': 'Contents',
  'docs.skip': 'Skip to content',
  'docs.alternate.markdown': 'This page as Markdown',
  'docs.alternate.openapi': 'OpenAPI 3.1 document',
  'docs.copy': 'Copy',
  'docs.copied': 'Copied',
  'docs.language': 'Language',
  'docs.dashboard': 'Dashboard',
  'docs.playground': 'Playground',
  'docs.reference': 'Management API',

  'docs.docs': 'Authentication',
  'docs.sample.curl': 'cURL',
  'docs.sample.typescript': 'TypeScript',
  'docs.sample.python': 'Python',
  'docs.sample.go': 'Go',
  'docs.sample.java': 'Java',
  'docs.sample.http': 'HTTP',
  'docs.sample.json': 'JSON',
  'docs.sample.shell': 'Shell',
  'docs.sample.text': 'Text',

  'docs.count': (p: { count: number }) => SMALL_NUMBERS[p.count] ?? String(p.count),
  'docs.methods_one': (p: Api & { method: string }) =>
    `The ${p.api} uses ${p.method} to authenticate requests.`,
  'docs.methods': (p: Api & { count: string; methods: readonly string[] }) =>
    `The ${p.api} supports ${p.count} authentication methods: ${list(p.methods)}.`,
  'docs.two_credentials': (p: Platform & { header: string }) =>
    `All ${p.platform} API requests require two credentials: an API key (or a token) and an organization ID, which goes into the ${p.header} header.`,
  'docs.base_url': (p: { url: string }) => `Requests go to ${p.url}.`,
  'docs.see_dashboard': (p: Platform) =>
    `You can view and manage your API keys from [your ${p.platform} dashboard](/dashboard).`,

  'docs.kind.api_key': 'API key',
  'docs.kind.access_token': 'OAuth token',
  'docs.kind.service_jwt': 'JWT token',
  'docs.kind.playground_key': 'Playground key',
  'docs.method.api_key': 'API keys',
  'docs.method.user_tokens': 'JWT tokens',
  'docs.method.oauth': 'OAuth 2.0',
  'docs.method.oauth_client_credentials': 'OAuth 2.0 (with OAuth2 client credentials for services)',
  'docs.method.service_jwt': 'JWT authentication',
  'docs.method.playground_key': 'playground keys',

  'docs.column.name': 'Name',
  'docs.column.parameter': 'Parameter',
  'docs.column.description': 'Description',
  'docs.column.endpoint': 'Endpoint',
  'docs.column.header': 'Header',
  'docs.column.value': 'Value',
  'docs.column.prefix': 'Prefix',
  'docs.column.tier': 'Tier',
  'docs.column.access': 'Access',
  'docs.column.scope': 'Scope',
  'docs.column.permission': 'Permission',
  'docs.column.method': 'Method',
  'docs.column.path': 'Path',
  'docs.column.needs': 'Needs',
  'docs.column.module': 'Module',
  'docs.column.counts_on': 'Counts on',
  'docs.column.plan': 'Plan',
  'docs.column.modules': 'Modules',
  'docs.column.credential': 'Credential',
  'docs.column.limit': 'Limit',
  'docs.column.shared_by': 'Shared by',
  'docs.column.status': 'Status',
  'docs.column.code': 'Error code',
  'docs.column.meaning': 'Description',
  'docs.column.when': 'When',
  'docs.column.claim': 'Claim',
  'docs.column.event': 'Event',
  'docs.column.variable': 'Variable',
  'docs.column.property': 'Property',
  'docs.column.type': 'Type',
  'docs.column.required': 'Required',
  'docs.no': 'No',
  'docs.none': '–',
  'docs.any_credential': 'Any credential',

  'docs.headers.title': 'Request headers',
  'docs.headers.lead': 'Every API request must include:',
  'docs.headers.bearer': (p: { kinds: readonly string[] }) =>
    `\`Bearer <your credential>\` (${list(p.kinds, 'or')})`,
  'docs.headers.key': '`<your-api-key>`',
  'docs.headers.instead': (p: { value: string }) => `${p.value}, instead of the above`,
  'docs.headers.organization': 'Your organization UUID',
  'docs.headers.organization_except': (p: { kinds: readonly string[] }) =>
    `Your organization UUID (not needed with: ${list(p.kinds)})`,
  'docs.headers.content_type': '`application/json`, where there is a body',

  'docs.scopes.title': 'Scopes and permissions',
  'docs.scopes.lead': 'What a credential may do, whichever kind it is.',
  'docs.scopes.implies': (p: { scopes: string }) => `Includes ${p.scopes}.`,
  'docs.scopes.implies_all': 'Includes every other one.',
  'docs.routes.title': 'What each request needs',
  'docs.routes.lead':
    '`:name` stands for one part of the path, a final `*` for the rest of it, if there is any. Whatever is not listed is answered with 404.',
  'docs.routes.everywhere': (p: { limits: readonly string[] }) =>
    `Every request counts on ${list(p.limits)}, as far as they apply to its credential; some count on more.`,
  'docs.routes.caption': 'Requests and what they need',

  'docs.plans.title': 'Plans',
  'docs.plans.lead':
    'What your organization’s plan includes. A module that is not in it is refused.',
  'docs.pricing': (p: { url: string }) => `See [pricing](${p.url}) for details.`,
  'docs.plans.new': (p: { plan: string }) => `New organizations begin on **${p.plan}**.`,

  'docs.limits.title': 'Rate limiting',
  'docs.limits.lead':
    'API requests are subject to rate limiting to ensure fair usage and system stability.',
  'docs.limits.by_kind_title': 'Rate limits',
  'docs.limits.rate': (p: { limit: number; seconds: number }) =>
    `${p.limit} requests ${per(p.seconds)}`,
  'docs.limits.deliveries': (p: { limit: number; seconds: number }) =>
    `${p.limit} deliveries ${per(p.seconds)}, to one endpoint`,
  'docs.limits.webhook': 'Webhook',
  'docs.limits.named_title': 'Named limits',
  'docs.limits.keys_lead': 'API keys have rate limits applied:',
  'docs.limits.figure': (p: { limit: number; seconds: number | null }) =>
    `${p.limit} ${per(p.seconds)}`,
  'docs.limits.settable': (p: { limit: number }) =>
    `(default: ${p.limit}; a key can be given a figure of its own)`,
  'docs.limits.applies_to': (p: { kinds: readonly string[] }) => `Counts for: ${list(p.kinds)}.`,
  'docs.limits.per.credential': 'One credential',
  'docs.limits.per.organization': 'The organization',
  'docs.limits.per.identity': 'One anonymous caller',
  'docs.limits.plans_lead': 'Some plans have figures of their own:',
  'docs.limits.headers_title': 'Rate limit headers',
  'docs.limits.headers_lead': 'Rate limit information is included in response headers:',
  'docs.limits.header_policy':
    'Every limit the request counts on: its name, `q` how many, `w` the window in seconds',
  'docs.limits.header_state':
    'For each of them: `r` how many are left, `t` the seconds until it is whole again',
  'docs.limits.header_limit': 'The figure of the limit that runs out first',
  'docs.limits.header_remaining': 'How many requests are left of it',
  'docs.limits.header_reset': 'When it is whole again, in seconds since the epoch',
  'docs.limits.header_retry_after': 'With 429 and 503: how many seconds to wait',
  'docs.limits.handling_title': 'Handling rate limits',
  'docs.limits.handling':
    'When you exceed the rate limit, you’ll receive a `429 Too Many Requests` response:',
  'docs.limits.wait_field': (p: { field: string }) =>
    `Wait ${p.field} seconds before making new requests; the \`Retry-After\` header says the same.`,
  'docs.limits.wait_header':
    'Wait as many seconds as the `Retry-After` header says before making new requests.',

  'docs.lifecycle.title': 'Request lifecycle',
  'docs.lifecycle.lead':
    'Every API request passes through a 5-stage gateway pipeline before reaching the handler:',
  'docs.lifecycle.authentication': (p: { methods: readonly string[] }) =>
    `**Authentication** — validates your ${list(p.methods, 'or')}`,
  'docs.lifecycle.tenant': '**Tenant resolution** — resolves the organization from the credential',
  'docs.lifecycle.tenant_header': (p: { header: string }) =>
    `**Tenant resolution** — resolves the organization from the credential; the ${p.header} header must name the same`,
  'docs.lifecycle.ownership_path':
    '**IDOR protection** — verifies the organization ID in the URL path matches the credential’s organization (prevents cross-tenant access)',
  'docs.lifecycle.ownership':
    '**IDOR protection** — what you reach is your own organization’s (prevents cross-tenant access)',
  'docs.lifecycle.entitlement':
    '**Entitlement check** — confirms your credential has the permission the request needs',
  'docs.lifecycle.entitlement_module':
    '**Entitlement check** — confirms your credential has the permission the request needs and your plan includes the requested module',
  'docs.lifecycle.metering':
    '**Rate limiting & metering** — enforces limits and quotas and records usage',
  'docs.lifecycle.metering_organization':
    '**Rate limiting & metering** — enforces per-organization quotas and records usage',
  'docs.lifecycle.mismatch': (p: { status: string }) =>
    `The organization ID in the URL must match the organization associated with your API key. Mismatched requests return \`${p.status}\` — this is an intentional security control that prevents one tenant from accessing another’s data.`,

  'docs.errors.title': 'Error responses',
  'docs.errors.lead':
    'If you encounter authentication errors, you may see the following responses. Common authentication errors and their meanings:',
  'docs.errors.format_title': 'Error response format',
  'docs.errors.format': 'A request without a credential is answered so:',
  'docs.errors.challenge':
    'A 401 says in the `WWW-Authenticate` header how to authenticate (RFC 6750) and where to learn about getting a token (RFC 9728). Every answer has an `X-Request-Id`: quote it when you ask for help.',
  'docs.when.malformed_request':
    'The request cannot be read safely: an encoded slash, a dot segment, a control character',
  'docs.when.route_not_found': 'No such method and path',
  'docs.when.missing_credential': 'No credential was sent',
  'docs.when.ambiguous_credential': 'Two credentials were sent, or one in two ways',
  'docs.when.invalid_api_key': 'The key is unknown, mistyped, disabled or revoked',
  'docs.when.expired_credential': 'The key is past its expiry date',
  'docs.when.invalid_token': 'The token is malformed, for another API, badly signed or revoked',
  'docs.when.expired_token': 'The token is past its expiry: refresh it',
  'docs.when.address_not_allowed': 'The key is limited to other addresses',
  'docs.when.organization_required': 'The organization header is missing',
  'docs.when.organization_mismatch': 'The credential belongs to another organization',
  'docs.when.insufficient_permission': 'The key lacks the scope the request needs',
  'docs.when.insufficient_scope': 'The token lacks the scope the request needs',
  'docs.when.not_entitled': 'The organization’s plan lacks the module',
  'docs.when.rate_limited': 'A rate is used up: wait and try again',
  'docs.when.quota_exceeded': 'A quota of a day or longer is used up',
  'docs.when.temporarily_unavailable': 'Something is away for a moment: try again',
  'docs.when.upstream_unreachable': 'The API cannot be reached behind the gate',
  'docs.when.upstream_timeout': 'The API did not answer in time',

  'docs.webhooks.title': 'Webhook authentication',
  'docs.webhooks.lead':
    'Webhooks use HMAC-SHA256 signatures to verify the authenticity of incoming requests.',
  'docs.webhooks.rate': (p: { limit: number; seconds: number }) =>
    `One endpoint gets at most ${p.limit} deliveries ${per(p.seconds)}.`,
  'docs.webhooks.verify_title': 'Verifying webhook signatures',
  'docs.webhooks.header': (p: { header: string }) =>
    `The webhook signature is included in the ${p.header} header:`,
  'docs.webhooks.timestamped': (p: { seconds: number }) =>
    `\`t\` is when it was sent, in seconds since the epoch; \`v1\` the HMAC-SHA256 of \`<t>.<body>\`, in hex. The key is what follows \`whsec_\` in your webhook’s secret, decoded from base64. While a secret is being rotated there are two \`v1\`: one that fits is enough. Sign the body as received, before parsing it; compare in constant time; refuse what is older than ${duration(p.seconds)}.`,
  'docs.webhooks.plain':
    'It is the HMAC-SHA256 of the body, in hex. The key is what follows `whsec_` in your webhook’s secret, decoded from base64. While a secret is being rotated there are two: one that fits is enough. Sign the body as received, before parsing it, and compare in constant time.',
  'docs.webhooks.standard':
    'The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks are sent as well, for libraries that check those.',
  'docs.webhooks.again':
    'An event may be delivered more than once, always with the same `webhook-id`: keep the ids you have had, and pass over one that comes again.',
  'docs.webhooks.events_title': 'Events',
  'docs.webhooks.publish':
    'With `POST /manage/v1/events`, whoever manages webhooks publishes the API’s own events for their organization. Send an `idempotency_key` of your choice with each: when you try again because no answer came, the same key makes it the same event, and receivers are told once.',

  'docs.environment.title': 'Environment variables',
  'docs.environment.lead':
    'The examples on this page read what is yours from environment variables:',
  'docs.environment.sdks': (p: { names: readonly string[] }) =>
    `All SDKs read ${list(p.names)} automatically when no explicit value is passed.`,
  'docs.environment.api_key': 'Your API key',
  'docs.environment.org_id': 'The ID of your organization',
  'docs.environment.access_token': 'An access token',
  'docs.environment.refresh_token': 'A refresh token',
  'docs.environment.client_id': 'Your application’s client ID',
  'docs.environment.client_secret': 'Your application’s client secret',
  'docs.environment.email': 'A user’s email address',
  'docs.environment.password': 'That user’s password',
  'docs.environment.redirect_uri': 'Your application’s redirect URI',
  'docs.environment.code': 'The authorization code that came back',
  'docs.environment.code_verifier': 'The code verifier it was asked for with',
  'docs.environment.service_jwt': 'A JWT your service has signed',
  'docs.environment.assertion': 'A JWT your service has signed for the token endpoint',
  'docs.environment.fingerprint': 'What tells your browser from others',
  'docs.environment.service_account_id': 'The ID of your service account',
  'docs.environment.private_key': 'Your private key, as PEM (PKCS #8)',
  'docs.environment.webhook_secret': 'Your webhook’s secret',

  'docs.sdk.title': 'SDK configuration',
  'docs.sdk.lead': 'The SDK handles token acquisition and refresh automatically.',
  'docs.sdk.options': 'Client options',
  'docs.sdk.api_key': 'API key for simple authentication',
  'docs.sdk.access_token': 'JWT access token',
  'docs.sdk.client_id': 'OAuth2 client ID',
  'docs.sdk.client_secret': 'OAuth2 client secret',
  'docs.sdk.organization_id': 'Organization ID',
  'docs.sdk.base_url': 'API base URL (defaults to production)',
  'docs.sdk.with_key': 'With an API key',
  'docs.sdk.with_client': 'With client credentials',
  'docs.sdk.with_user': 'With email and password',

  'docs.practice.title': 'Security best practices',
  'docs.practice.keys_title': 'API key security',
  'docs.practice.storage': 'Storage',
  'docs.practice.storage_items': [
    'Store API keys securely (environment variables, secret management)',
    'Never commit API keys to version control',
    'Never share your API keys in publicly accessible areas like GitHub, client-side code, or exposed in your application',
    'Use different API keys for different environments (development, staging, production)',
    'Rotate keys regularly: periodically rotate your API keys to minimize the impact of potential leaks',
  ].join('\n'),
  'docs.practice.transmission': 'Transmission',
  'docs.practice.transmission_items': [
    'Always use HTTPS for API requests',
    'Include API keys in headers, not URLs',
    'Use secure communication channels',
    'Validate SSL certificates',
  ].join('\n'),
  'docs.practice.tokens_title': 'Token security',
  'docs.practice.access_tokens': 'Access tokens',
  'docs.practice.access_tokens_items': [
    'Store access tokens securely',
    'Use short-lived access tokens',
    'Implement token refresh logic',
    'Revoke tokens when no longer needed',
  ].join('\n'),
  'docs.practice.refresh_tokens': 'Refresh tokens',
  'docs.practice.refresh_tokens_items': [
    'Store refresh tokens securely',
    'Use long-lived refresh tokens only where they can be kept safe',
    'Implement secure token exchange',
    'Monitor token usage',
  ].join('\n'),

  'docs.testing.title': 'Testing authentication',
  'docs.testing.key_title': 'Test your API key',
  'docs.testing.key':
    'Call the API and look at the status: 200 means that the key is good, 401 that it is not.',
  'docs.testing.oauth_title': 'Test OAuth flow',
  'docs.testing.oauth':
    'Use the OAuth playground to test your OAuth implementation: [OAuth Playground](/playground) — test OAuth authentication flows.',
  'docs.next.title': 'Next steps',
  'docs.next.dashboard': '[Make a key in the dashboard](/dashboard)',
  'docs.next.playground': '[Try every flow in the playground](/playground)',
  'docs.next.reference': '[Manage keys, apps and members by program](/reference)',
  'docs.next.llms':
    'Read this page as [Markdown](/docs/authentication.md), or give [llms.txt](/llms.txt) to a language model',

  'docs.llms.about': (p: Api) =>
    `How to authenticate requests to the ${p.api}, made from what its gate enforces.`,
  'docs.llms.docs': 'Documentation',
  'docs.llms.authentication': 'How to present credentials, how to get each, scopes, limits, errors',
  'docs.llms.reference': 'Management API as a page',
  'docs.llms.openapi': 'Management API, OpenAPI 3.1',
  'docs.llms.metadata': 'OAuth 2.0 authorization server metadata',
};
