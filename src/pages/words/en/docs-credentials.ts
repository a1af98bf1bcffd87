import { duration, list, per } from './amounts.ts';

interface Platform {
  platform: string;
}

/** The documentation page: how to get each kind of credential and present it. Written as docs.ts is. */
export const docsCredentials = {
  'docs.keys.title': 'API key authentication',
  'docs.keys.lead_header': (p: { header: string }) =>
    `The simplest and most common way to authenticate. Include your API key in the ${p.header} header with every request.`,
  'docs.keys.lead_ways': (p: { ways: string }) =>
    `The simplest and most common way to authenticate. All API requests must include an API key in one of the following ${p.ways} ways.`,
  'docs.keys.lead_ways_unless': (p: { ways: string }) =>
    `The simplest and most common way to authenticate. All API requests must include an API key in one of the following ${p.ways} ways, unless they carry another of the credentials on this page.`,
  'docs.keys.secret':
    '**Keep your API key secret.** Never expose your API key in client-side code, in public repositories, or commit it to version control. Always use environment variables and server-side requests.',
  'docs.keys.get_title': 'Getting your API key',
  'docs.keys.get_lead': (p: { menu: string }) =>
    `Generate an API key from the dashboard: ${p.menu}. To create a new API key:`,
  'docs.keys.step_log_in': (p: Platform) => `Log in to [your ${p.platform} dashboard](/dashboard)`,
  'docs.keys.step_navigate': (p: { menu: string }) => `Navigate to **${p.menu}**`,
  'docs.keys.step_create': (p: { button: string }) => `Click **${p.button}**`,
  'docs.keys.step_name': 'Give your key a descriptive name',
  'docs.keys.step_environment': (p: { environments: readonly string[] }) =>
    `Choose its environment: ${list(p.environments, 'or')}`,
  'docs.keys.step_permissions': 'Select the appropriate permissions',
  'docs.keys.step_submit': (p: { button: string }) => `Click **${p.button}**`,
  'docs.keys.step_copy': 'Copy the generated API key',
  'docs.keys.once':
    '**API keys are only shown once when created.** Make sure to copy and store your API key securely.',
  'docs.keys.use_title': 'Using API keys',
  'docs.keys.use_bearer': 'Bearer token',
  'docs.keys.use_header': (p: { header: string }) => `API key header: ${p.header}`,
  'docs.keys.use_query': (p: { parameter: string }) => `Query parameter: ${p.parameter}`,
  'docs.keys.recommended': (p: { title: string }) => `${p.title} (recommended)`,
  'docs.keys.bearer_text':
    'Include your API key in the `Authorization` header of your requests: send your API key as a Bearer token.',
  'docs.keys.header_text': (p: { header: string }) =>
    `Include your API key in the ${p.header} header.`,
  'docs.keys.header_alternative': (p: { header: string }) =>
    `Alternatively, you can use the ${p.header} header.`,
  'docs.keys.query_text': (p: { parameter: string }) =>
    `For testing or simple applications, you can include your API key as the query parameter ${p.parameter}.`,
  'docs.keys.query_note':
    '**Security note:** Using query parameters is less secure as API keys may be logged in server access logs. Use the header methods for production applications.',
  'docs.keys.one_way': 'Send exactly one credential, in one way.',
  'docs.keys.raw': 'Raw HTTP example',
  'docs.keys.prefix_title': 'Key prefixes',
  'docs.keys.prefix_lead':
    'What a key begins with says what it is for: API keys are prefixed by tier. The rest is random and ends in a checksum, so a mistyped key is recognised as such.',
  'docs.keys.full_access': 'What its permissions allow',
  'docs.keys.read_only': 'Read-only',
  'docs.keys.permissions_title': 'API key permissions',
  'docs.keys.permissions_lead':
    'When creating an API key, you can grant specific permissions. A key holds exactly what it was given; given nothing, it may do nothing.',
  'docs.keys.levels_lead':
    'API keys can be configured with different permission levels, or with scopes one by one.',
  'docs.keys.default_set': (p: { title: string }) =>
    `A key that is made without a choice gets **${p.title}**.`,
  'docs.keys.restrict_title': 'Restricting a key',
  'docs.keys.restrict':
    'A key can be given an expiry date and a list of addresses it may come from (single ones or CIDR ranges). From anywhere else, and after that date, it is refused.',
  'docs.keys.rotate_title': 'Rotating API keys',
  'docs.keys.rotate':
    'Rotating gives a key a new secret under the same name, permissions and limits. You choose how long the old one keeps working beside it, so that nothing stands still while you roll it out.',
  'docs.keys.revoke_title': 'Revoking API keys',
  'docs.keys.revoke_lead': 'To revoke an API key:',
  'docs.keys.step_revoke': (p: { button: string }) =>
    `Click the **${p.button}** button next to the key you want to revoke`,
  'docs.keys.revoke_after':
    'It stops working within a second, everywhere, and for good. To shut a key out for a while, disable it instead.',

  'docs.user_tokens.title': 'JWT token authentication',
  'docs.user_tokens.lead':
    'For user-scoped actions, use JWT tokens obtained via the token endpoint.',
  'docs.user_tokens.exchange': 'Exchange credentials for a JWT token',
  'docs.user_tokens.refresh': 'Refresh an expired JWT token',
  'docs.user_tokens.exchange_title': 'Exchange credentials for a token',
  'docs.user_tokens.exchange_text': (p: {
    email: string;
    password: string;
    tokens: readonly string[];
  }) => `Send ${p.email} and ${p.password} as JSON or as a form, and get ${list(p.tokens)}.`,
  'docs.user_tokens.optional': (p: { organization: string; scope: string }) =>
    `Optional: ${p.organization}, for somebody who belongs to several organizations, and ${p.scope}, to ask for less than everything the person may do.`,
  'docs.user_tokens.use_title': 'Use the token for subsequent requests',
  'docs.user_tokens.refresh_title': 'Refresh when expired',
  'docs.user_tokens.refresh_text': (p: { access: number; refresh: number; field: string }) =>
    `Access tokens expire after ${duration(p.access)}; a refresh token lasts for ${duration(p.refresh)} without use. Each refresh answers with a new ${p.field}: keep that one, for the old one is used up.`,

  'docs.oauth.title': 'OAuth 2.0 authentication',
  'docs.oauth.lead':
    'For applications that need to access user data on behalf of users, OAuth 2.0 is recommended.',
  'docs.oauth.register': (p: { menu: string }) =>
    `Register your application in the dashboard under ${p.menu}: it gets a client ID and, where it can keep one, a client secret.`,
  'docs.oauth.flow_title': 'OAuth flow',
  'docs.oauth.flow_request':
    '**Authorization Request:** Redirect users to the authorization endpoint',
  'docs.oauth.flow_consent': '**User Consent:** Users grant permission to your application',
  'docs.oauth.flow_code': '**Authorization Code:** Receive an authorization code',
  'docs.oauth.flow_exchange': '**Token Exchange:** Exchange the code for access and refresh tokens',
  'docs.oauth.flow_access': '**API Access:** Use the access token to make API requests',
  'docs.oauth.pkce_title': 'Before you start: PKCE',
  'docs.oauth.pkce':
    'Make a new `code_verifier` for each authorization request and send its SHA-256 as `code_challenge` (RFC 7636).',
  'docs.oauth.authorize_title': 'Authorization endpoint',
  'docs.oauth.client_id': 'Your application’s client ID',
  'docs.oauth.client_secret': 'Your application’s client secret',
  'docs.oauth.redirect_uri': 'Where to redirect after authorization; exactly as registered',
  'docs.oauth.response_type': 'Must be `code`',
  'docs.oauth.scope': 'Requested permissions (space-separated)',
  'docs.oauth.state': 'Random string to prevent CSRF attacks: compare it when it comes back',
  'docs.oauth.code_challenge': 'SHA-256 of the code verifier, base64url without padding',
  'docs.oauth.code_challenge_method': 'Must be `S256`',
  'docs.oauth.authorize_back': (p: { seconds: number; issuer: string }) =>
    `The browser comes back to your redirect URI with \`code\`, \`state\` and \`iss\`, which is ${p.issuer}. The code works once, within ${duration(p.seconds)}.`,
  'docs.oauth.token_title': 'Token endpoint',
  'docs.oauth.grant_authorization_code': 'Must be `authorization_code`',
  'docs.oauth.code': 'Authorization code from the previous step',
  'docs.oauth.redirect_uri_again': 'Same redirect URI used in authorization',
  'docs.oauth.code_verifier': 'The verifier whose SHA-256 was sent as `code_challenge`',
  'docs.oauth.secret_basic':
    'The client ID and secret go into HTTP Basic authentication, as here (`client_secret_basic`). An app that was registered with `client_secret_post` sends them in the form.',
  'docs.oauth.answer': 'The answer:',
  'docs.oauth.use_title': 'Using access tokens',
  'docs.oauth.use': 'Include the access token in the `Authorization` header.',
  'docs.oauth.refresh_title': 'Refresh tokens',
  'docs.oauth.refresh': (p: { access: number; refresh: number }) =>
    `Access tokens expire after ${duration(p.access)}. Use refresh tokens to get new access tokens. A refresh token lasts for ${duration(p.refresh)} without use and works once: each answer brings the next.`,
  'docs.oauth.refresh_offline':
    'An app gets a refresh token when it asked for the scope `offline_access` and the user granted it.',
  'docs.oauth.client_title': 'OAuth2 client credentials',
  'docs.oauth.client':
    'For service-to-service integration, use the OAuth2 client credentials flow: the app acts for itself and its organization. There is no refresh token; ask again when the token expires.',
  'docs.oauth.more_title': 'More of the protocol',
  'docs.oauth.more_metadata': (p: { url: string }) =>
    `Everything a client library needs to know is at [the server metadata](${p.url}) (RFC 8414).`,
  'docs.oauth.more_revoke': (p: { url: string }) =>
    `Revoke tokens when no longer needed: \`POST ${p.url}\` (RFC 7009).`,
  'docs.oauth.more_introspect': (p: { url: string }) =>
    `Ask whether a token is good: \`POST ${p.url}\` (RFC 7662).`,
  'docs.oauth.more_par': (p: { url: string }) =>
    `Push the authorization request ahead of the browser: \`POST ${p.url}\` (RFC 9126).`,
  'docs.oauth.more_dpop':
    'Bind tokens to a key of the app’s own, so that a stolen one is worthless: DPoP (RFC 9449). A bound token opens the UserInfo endpoint; the API takes bearer tokens.',

  'docs.service_jwt.title': 'JWT authentication',
  'docs.service_jwt.lead':
    'For server-to-server communication, JWT (JSON Web Token) authentication is supported: your service signs its own tokens, and no secret ever leaves it.',
  'docs.service_jwt.register': (p: { menu: string }) =>
    `Create a service account in the dashboard under ${p.menu} and register your public key with it (EC P-256 or P-384, Ed25519, or RSA).`,
  'docs.service_jwt.create_title': 'Creating JWT tokens',
  'docs.service_jwt.create':
    'JWT tokens must be signed with your private key and include the following claims:',
  'docs.service_jwt.iss': 'The ID of your service account',
  'docs.service_jwt.sub': 'The same',
  'docs.service_jwt.aud': (p: { audience: string }) => `${p.audience}: the API the token is for`,
  'docs.service_jwt.iat': 'When it was signed, in seconds since the epoch',
  'docs.service_jwt.exp': (p: { seconds: number }) =>
    `When it expires; at most ${duration(p.seconds)} after \`iat\``,
  'docs.service_jwt.jti_required': 'A random identifier; each token is taken once',
  'docs.service_jwt.jti_optional':
    'Optional. A random identifier; a token that has one is taken once',
  'docs.service_jwt.jti_off': 'Optional. A random identifier, for your own logs',
  'docs.service_jwt.use_title': 'Using JWT tokens',
  'docs.service_jwt.use': 'Include the JWT token in the `Authorization` header.',
  'docs.service_jwt.exchange_title': 'Trading a JWT for an access token',
  'docs.service_jwt.exchange': (p: { issuer: string }) =>
    `Instead of signing each request’s token, a service can trade one in (RFC 7523). For this its \`aud\` is ${p.issuer}, and \`jti\` is required.`,

  'docs.playground_keys.title': 'Playground keys',
  'docs.playground_keys.offer': (p: {
    tier: string;
    quotas: readonly { limit: number; title: string }[];
  }) =>
    `The ${p.tier} tier offers ${list(p.quotas.map(({ limit, title }) => `${limit} ${title.toLowerCase()}`))} with no signup.`,
  'docs.playground_keys.offer_plain': (p: { tier: string }) =>
    `The ${p.tier} tier needs no signup.`,
  'docs.playground_keys.identity_fingerprint_address':
    'Test keys are identified by fingerprint + IP and have a permanent lifetime quota: asking for another key does not start it anew.',
  'docs.playground_keys.identity_fingerprint':
    'Test keys are identified by fingerprint and have a permanent lifetime quota: asking for another key does not start it anew.',
  'docs.playground_keys.identity_address':
    'Test keys are identified by IP and have a permanent lifetime quota: asking for another key does not start it anew.',
  'docs.playground_keys.ask': (p: { endpoint: string; limit: number; seconds: number }) =>
    `Ask for one with ${p.endpoint}, up to ${p.limit} times ${per(p.seconds)} from one address. The fingerprint is a text of 16 to 200 characters that stays the same in one browser.`,
  'docs.playground_keys.routes': 'What a playground key may call:',
};
