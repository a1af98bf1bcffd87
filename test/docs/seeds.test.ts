import t, { type Test } from 'tap';
import { openPage, type ReadPage } from './docs-page.ts';

// What the four public documents say, sentence by sentence, is on the page of their platform.

/** Letters, digits and signs; the page may set quotes and dashes as it likes. */
const loosely = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[“”"]/g, '"')
    .replaceAll('’', "'")
    .replaceAll(/\s*→\s*/g, ' > ')
    .replaceAll(/\s+/g, ' ');

function says(t: Test, page: ReadPage, claims: readonly string[]): void {
  const text = loosely(page.text);
  for (const claim of claims) t.ok(text.includes(loosely(claim)), claim);
}

/** The table of that section has this row, whatever further cells it has. */
function tabulates(t: Test, page: ReadPage, section: string, rows: readonly string[][]): void {
  const found = page.rows(section).map((cells) => cells.map(loosely));
  for (const row of rows) {
    const wanted = row.map(loosely);
    t.ok(
      found.some((cells) =>
        wanted.every((cell, at) => cells[at]?.replace(/\.$/, '') === cell.replace(/\.$/, '')),
      ),
      `${section}: ${row.join(' | ')}`,
    );
  }
}

t.test('KLIQ', async (t) => {
  const { page } = await openPage(t, 'kliq');
  says(t, page, [
    'The KLIQ AI API supports three authentication methods: API keys, JWT tokens, and OAuth 2.0',
    'OAuth2 client credentials',
    'The simplest',
    'way to authenticate. Include your API key in the X-API-Key header with every request.',
    'Keep your API key secret',
    'Never expose your API key in client-side code',
    'public repositories',
    'Use environment variables and server-side requests.',
    'Raw HTTP example',
    'GET /v1/tenants/<organization-id>/observations HTTP/1.1 Host: api.kliqpulse.com X-API-Key: kliq_live_abc123...',
    'For user-scoped actions, use JWT tokens obtained via the token endpoint.',
    'Exchange credentials for a token',
    'Use the token for subsequent requests',
    'Refresh when expired',
    'For service-to-service integration, use the OAuth2 client credentials flow',
    'The SDK handles token acquisition and refresh automatically',
    "import { KliqClient } from '@kliq-ai/sdk';",
    'apiKey: process.env.KLIQ_API_KEY!',
    'clientId: process.env.KLIQ_CLIENT_ID!',
    'clientSecret: process.env.KLIQ_CLIENT_SECRET!',
    'const { accessToken, refreshToken } = await client.auth.getToken({',
    'client.auth.refresh(refreshToken)',
    'Scopes and permissions',
    'Next steps',
  ]);
  tabulates(t, page, 'jwt-tokens', [
    ['POST /v1/auth/token', 'Exchange credentials for a JWT token'],
    ['POST /v1/auth/refresh', 'Refresh an expired JWT token'],
  ]);
  tabulates(t, page, 'auth-config', [
    ['apiKey', 'string', 'No', 'API key for simple authentication'],
    ['accessToken', 'string', 'No', 'JWT access token'],
    ['clientId', 'string', 'No', 'OAuth2 client ID'],
    ['clientSecret', 'string', 'No', 'OAuth2 client secret'],
    ['baseUrl', 'string', 'No', 'API base URL (defaults to production)'],
  ]);
  tabulates(t, page, 'scopes', [
    ['observations:read', 'List and retrieve observations'],
    ['observations:write', 'Create and update observations'],
    ['cv:read', 'View CV job results'],
    ['cv:write', 'Start CV jobs'],
    ['locations:read', 'List locations'],
    ['locations:write', 'Manage locations'],
    ['webhooks:manage', 'Create and delete webhook subscriptions'],
    ['admin', 'Full tenant administration. Includes every other one.'],
  ]);
  tabulates(t, page, 'errors', [
    ['401', 'Unauthorized', 'Missing or invalid credentials'],
    ['403', 'Forbidden', 'Valid credentials but insufficient permissions'],
  ]);
});

t.test('Kaie: keys, OAuth, JWTs', async (t) => {
  const { page } = await openPage(t, 'kaie');
  says(t, page, [
    'The Kaie API supports three authentication methods',
    'most common way to authenticate',
    'Log in to your Kaie dashboard',
    'Navigate to Settings > API Keys',
    'Click Create New API Key',
    'Give your key a descriptive name',
    'Select the appropriate permissions',
    'Copy the generated API key',
    'API keys are only shown once when created. Make sure to copy and store your API key securely.',
    'Include your API key in the Authorization header of your requests',
    'API keys can be configured with different permission levels',
    'Read Only View workflows and analytics Access read-only endpoints Cannot modify or create resources',
    'Read/Write All read permissions Create and update workflows Manage triggers and integrations Cannot delete resources',
    'Full Access All read/write permissions Delete workflows and resources Manage API keys and settings Access admin endpoints',
    'For applications that need to access user data on behalf of users, OAuth 2.0 is recommended.',
    'Authorization Request: Redirect users to the authorization endpoint',
    'User Consent: Users grant permission to your application',
    'Authorization Code: Receive an authorization code',
    'Token Exchange: Exchange the code for access and refresh tokens',
    'API Access: Use the access token to make API requests',
    'Include the access token in the Authorization header',
    'Access tokens expire after 1 hour. Use refresh tokens to get new access tokens',
    'For server-to-server communication, JWT (JSON Web Token) authentication is supported',
    'JWT tokens must be signed with your private key and include the following claims:',
    'Include the JWT token in the Authorization header',
  ]);
  tabulates(t, page, 'authorization-endpoint', [
    ['client_id', 'Your application’s client ID'],
    ['redirect_uri', 'Where to redirect after authorization; exactly as registered'],
    ['response_type', 'Must be code'],
    ['scope', 'Requested permissions (space-separated)'],
    ['state', 'Random string to prevent CSRF attacks: compare it when it comes back'],
  ]);
  tabulates(t, page, 'token-endpoint', [
    ['grant_type', 'Must be authorization_code'],
    ['code', 'Authorization code from the previous step'],
    ['redirect_uri', 'Same redirect URI used in authorization'],
    ['client_id', 'Your application’s client ID'],
    ['client_secret', 'Your application’s client secret'],
  ]);
});

t.test('Kaie: webhooks, limits, practice, errors', async (t) => {
  const { page } = await openPage(t, 'kaie');
  says(t, page, [
    'Webhooks use HMAC-SHA256 signatures to verify the authenticity of incoming requests.',
    'The webhook signature is included in the X-Kaie-Signature header',
    'API requests are subject to rate limiting to ensure fair usage and system stability.',
    'Rate limit information is included in response headers',
    "When you exceed the rate limit, you'll receive a 429 Too Many Requests response",
    'Wait retry_after seconds before making new requests',
    'Store API keys securely (environment variables, secret management)',
    'Never commit API keys to version control',
    'Use different API keys for different environments',
    'Rotate keys regularly',
    'Always use HTTPS for API requests',
    'Include API keys in headers, not URLs',
    'Use secure communication channels',
    'Validate SSL certificates',
    'Store access tokens securely',
    'Use short-lived access tokens',
    'Implement token refresh logic',
    'Revoke tokens when no longer needed',
    'Store refresh tokens securely',
    'Use long-lived refresh tokens',
    'Implement secure token exchange',
    'Monitor token usage',
    'Common authentication errors and their meanings',
    'Error response format',
    'Test your API key',
    'Test OAuth flow',
    'Use the OAuth playground to test your OAuth implementation',
    'Test OAuth authentication flows',
  ]);
  tabulates(t, page, 'rate-limits', [
    ['API key', '1000 requests per hour'],
    ['OAuth token', '1000 requests per hour'],
    ['JWT token', '1000 requests per hour'],
    ['Webhook', '100 deliveries per minute, to one endpoint'],
  ]);
  tabulates(t, page, 'errors', [
    ['401', 'INVALID_API_KEY', 'API key is invalid or expired'],
    ['401', 'MISSING_AUTHENTICATION', 'No authentication provided'],
    ['401', 'INVALID_TOKEN', 'Access token is invalid or expired'],
    ['403', 'INSUFFICIENT_PERMISSIONS', 'API key lacks required permissions'],
    ['403', 'SCOPE_INSUFFICIENT', 'Token scope is insufficient'],
  ]);
});

t.test('Klen', async (t) => {
  const { page } = await openPage(t, 'klen');
  says(t, page, [
    'You can view and manage your API keys from your Klen dashboard.',
    'All API requests must include an API key in one of the following three ways',
    'Bearer token (recommended)',
    'Send your API key as a Bearer token',
    'in the Authorization header',
    'Alternatively, you can use the X-API-Key header',
    'For testing or simple applications, you can include your API key as the query parameter api_key',
    'Security note: Using query parameters is less secure as API keys may be logged in server access logs. Use the header methods for production applications.',
    'To create a new API key:',
    'Log in to your Klen dashboard',
    'Navigate to API > API Keys',
    'Click Create New API Key',
    'Give your key a',
    'select the appropriate permissions',
    'Click Create Key',
    'When creating an API key, you can grant specific permissions',
    'API keys have rate limits applied',
    '429 Too Many Requests',
    'Never share your API keys in publicly accessible areas like GitHub, client-side code, or exposed in your application',
    'Use different API keys for different environments (development, staging, production)',
    'Periodically rotate your API keys to minimize the impact of potential leaks',
    'To revoke an API key:',
    'Click the Revoke button next to the key you want to revoke',
    'If you encounter authentication errors, you may see the following responses',
  ]);
  tabulates(t, page, 'api-key-permissions', [
    ['can_read_calls', 'Allows retrieving call information'],
    ['can_initiate_calls', 'Allows initiating new calls'],
    ['can_read_agents', 'Allows retrieving agent information'],
    ['can_read_contacts', 'Allows retrieving contact information'],
    ['can_read_calendar', 'Allows retrieving calendar events and availability'],
    ['can_write_calendar', 'Allows creating, updating, and canceling calendar events'],
  ]);
  const figure = (what: string, limit: number) =>
    `${what} (default: ${limit}; a key can be given a figure of its own)`;
  tabulates(t, page, 'named-limits', [
    ['requests_per_minute_limit', figure('Maximum number of API requests per minute', 60)],
    ['calls_per_day_limit', figure('Maximum number of calls that can be initiated per day', 100)],
    [
      'calendar_events_per_day_limit',
      figure('Maximum number of calendar events that can be created per day', 50),
    ],
  ]);
  tabulates(t, page, 'errors', [
    ['401', 'authentication_required', 'No API key was provided'],
    ['401', 'invalid_key', 'The API key is invalid or inactive'],
    ['403', 'permission_denied', "The API key doesn't have the required permission"],
    ['429', 'rate_limit_exceeded', 'Rate limit has been exceeded'],
  ]);
});

t.test('KLOAKD', async (t) => {
  const { page } = await openPage(t, 'kloakd');
  says(t, page, [
    'All KLOAKD API requests require two credentials: an API key',
    'and an organization ID',
    'Generate an API key from the dashboard: Settings → API Keys.',
    'API keys are prefixed by tier',
    'The Playground tier offers 10 free discoveries with no signup.',
    'Test keys are identified by fingerprint + IP and have a permanent lifetime quota',
    'See pricing for details.',
    'Never expose your API key in client-side code',
    'commit it to version control. Always use environment variables',
    'Every API request must include:',
    'SDK configuration',
    'from kloakd import Kloakd',
    'client = Kloakd( api_key=os.environ["KLOAKD_API_KEY"], organization_id=os.environ["KLOAKD_ORG_ID"],',
    "import { Kloakd } from 'kloakd-sdk';",
    'organizationId: process.env.KLOAKD_ORG_ID!',
    'client := kloakd.MustNew(kloakd.Config{ APIKey: os.Getenv("KLOAKD_API_KEY"), OrganizationID: os.Getenv("KLOAKD_ORG_ID")',
    'Kloakd client = Kloakd.builder() .apiKey(System.getenv("KLOAKD_API_KEY")) .organizationId(System.getenv("KLOAKD_ORG_ID")) .build();',
    'All SDKs read KLOAKD_API_KEY and KLOAKD_ORG_ID automatically when no explicit value is passed.',
    'export KLOAKD_API_KEY=sk-live-...',
    'export KLOAKD_ORG_ID=',
    'Every API request passes through a 5-stage gateway pipeline before reaching the handler:',
    'Authentication — validates your API key',
    'JWT token',
    'Tenant resolution — resolves the organization from the credential',
    'IDOR protection — verifies the organization ID in the URL path matches the credential’s organization (prevents cross-tenant access)',
    'Entitlement check — confirms',
    'your plan includes the requested module',
    'Rate limiting & metering — enforces per-organization quotas and records usage',
    'The organization ID in the URL must match the organization associated with your API key. Mismatched requests return 403 Forbidden — this is an intentional security control that prevents one tenant from accessing another’s data.',
  ]);
  tabulates(t, page, 'key-prefixes', [
    ['sk-live-', 'Developer / Enterprise', 'Full API access'],
    ['sk-test-', 'Playground', 'Read-only, rate-limited (used by Playground)'],
  ]);
  t.match(page.rows('request-headers')[0]?.join(' '), /^Authorization Bearer </);
  t.match(
    page.rows('request-headers')[1]?.join(' '),
    'X-Kloakd-Organization Your organization UUID',
  );
  t.match(page.rows('request-headers')[2]?.join(' '), 'Content-Type application/json');
  tabulates(t, page, 'errors', [
    ['401', 'AuthenticationError', 'Missing or invalid API key'],
    ['403', 'ForbiddenError', 'Organization ID mismatch'],
    ['403', 'NotEntitledError', 'Your organization’s plan does not include this module'],
  ]);
  t.ok(page.rows('errors').some(([status, code]) => status === '429' && code === 'RateLimitError'));
});

t.test('no page promises an SDK that its platform file does not declare', async (t) => {
  for (const name of ['kaie', 'klen', 'example']) {
    const { page, gatehouse } = await openPage(t, name);
    t.same(gatehouse.platform.documentation.sdks, []);
    t.notMatch(page.text, /\bSDK/, name);
    t.notMatch(page.ids.join(' '), 'sdk');
  }
});
