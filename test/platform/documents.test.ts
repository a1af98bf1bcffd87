import t from 'tap';
import { AA_CONTRAST, contrastRatio } from '../../src/platform/contrast.ts';
import { DENIAL_REASONS, type DenialReason } from '../../src/platform/denial-reasons.ts';
import { wordDenial } from '../../src/platform/dialect.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { findRoute } from '../../src/platform/routes.ts';
import { TENANT_RESOURCES } from '../../src/platform/tenant-resources.ts';

const kliq = await loadPlatform('kliq');
const kaie = await loadPlatform('kaie');
const klen = await loadPlatform('klen');
const kloakd = await loadPlatform('kloakd');

const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
const scopeOf = (platform: Platform, method: string, path: string) =>
  findRoute(platform.routes, method, path)?.route.scope;
const metersOf = (platform: Platform, method: string, path: string) =>
  findRoute(platform.routes, method, path)?.route.meters;

/** `status code` of a reason in a platform's dialect. */
function worded(platform: Platform, reason: DenialReason): string {
  const { status, code } = platform.dialect.denials[reason];
  return `${status} ${code}`;
}

t.test('KLIQ: scopes as documented, and admin covers them all', async (t) => {
  t.strictSame(names(kliq.scopes), [
    'observations:read',
    'observations:write',
    'cv:read',
    'cv:write',
    'locations:read',
    'locations:write',
    'webhooks:manage',
    'admin',
  ]);
  t.strictSame(kliq.scopes.at(-1)?.implies, names(kliq.scopes).slice(0, -1));
});

t.test('scopes manage what their platforms’ documents say of them', async (t) => {
  const managing = (platform: Platform) =>
    Object.fromEntries(
      platform.scopes
        .filter(({ manages }) => manages.length > 0)
        .map(({ name, manages }) => [name, manages]),
    );
  t.strictSame(managing(kliq), { 'webhooks:manage': ['webhooks'], admin: TENANT_RESOURCES });
  t.strictSame(managing(kaie), {
    'api-keys:manage': ['api-keys', 'service-accounts'],
    'settings:manage': ['organizations', 'memberships', 'webhooks'],
    admin: TENANT_RESOURCES,
  });
  for (const platform of [klen, kloakd]) t.strictSame(managing(platform), {});
});

t.test('KLIQ: keys in X-API-Key, tokens as bearer, kliq_live_ keys', async (t) => {
  t.strictSame(kliq.presentations, [
    { in: 'header', name: 'x-api-key', credentials: ['api_key'] },
    { in: 'bearer', credentials: ['access_token'] },
  ]);
  t.equal(kliq.keyEnvironments[0]?.prefix, 'kliq_live_');
  t.strictSame(kliq.userTokens, {
    enabled: true,
    tokenPath: '/v1/auth/token',
    refreshPath: '/v1/auth/refresh',
    fieldStyle: 'camelCase',
  });
});

t.test('KLIQ: tenants in the path, read and write by method', async (t) => {
  const path = '/v1/tenants/t_abc123/observations';
  const match = findRoute(kliq.routes, 'GET', path);
  t.equal(match?.route.scope, 'observations:read');
  t.equal(match?.parameters[match.route.organizationParam ?? ''], 't_abc123');
  t.equal(scopeOf(kliq, 'POST', path), 'observations:write');
  t.equal(scopeOf(kliq, 'DELETE', `${path}/o_1`), 'observations:write');
  t.equal(scopeOf(kliq, 'POST', '/v1/tenants/t/cv/jobs'), 'cv:write');
  t.equal(scopeOf(kliq, 'GET', '/v1/tenants/t/webhooks'), 'webhooks:manage');
  t.equal(scopeOf(kliq, 'GET', '/v1/tenants/t/admin/anything/below'), 'admin');
  t.ok(kliq.routes.every(({ organizationParam }) => organizationParam === 'organization'));
});

t.test('KLIQ: 401 Unauthorized and 403 Forbidden', async (t) => {
  t.equal(worded(kliq, 'missing_credential'), '401 Unauthorized');
  t.equal(worded(kliq, 'invalid_api_key'), '401 Unauthorized');
  t.equal(worded(kliq, 'invalid_token'), '401 Unauthorized');
  t.equal(worded(kliq, 'insufficient_permission'), '403 Forbidden');
  t.equal(worded(kliq, 'insufficient_scope'), '403 Forbidden');
});

t.test('Kaie: three permission levels that mean what the document says', async (t) => {
  t.strictSame(names(kaie.permissionSets), ['read_only', 'read_write', 'full_access']);
  const [readOnly, readWrite, full] = kaie.permissionSets;
  const access = (scopes: readonly string[] = []) =>
    new Set(kaie.scopes.filter(({ name }) => scopes.includes(name)).map((scope) => scope.access));
  t.strictSame([...access(readOnly?.scopes)], ['read'], 'cannot modify or create');
  t.ok(
    readOnly?.scopes.every((name) => readWrite?.scopes.includes(name)),
    'all read permissions',
  );
  t.notOk(
    readWrite?.scopes.some((name) => /:delete$|:manage$|^admin$/.test(name)),
    'cannot delete',
  );
  t.ok(
    readWrite?.scopes.includes('triggers:write') && readWrite.scopes.includes('integrations:write'),
  );
  t.strictSame(full?.scopes, names(kaie.scopes));
});

t.test('Kaie: every kind of credential in Authorization, 1000 an hour each', async (t) => {
  t.strictSame(kaie.presentations, [
    { in: 'bearer', credentials: ['api_key', 'access_token', 'service_jwt'] },
  ]);
  const rate = { limit: 1000, windowSeconds: 3600 };
  t.strictSame(kaie.credentialRateLimits, { api_key: rate, access_token: rate, service_jwt: rate });
  t.strictSame(kaie.webhooks.deliveryRate, { limit: 100, windowSeconds: 60 });
  t.equal(kaie.webhooks.signatureHeader, 'X-Kaie-Signature');
  t.equal(kaie.tokens.accessTokenTtlSeconds, 3600, 'access tokens expire after 1 hour');
  t.ok(kaie.serviceJwts.enabled);
  t.equal(kaie.oauth.refreshTokens, 'always');
  t.ok(kaie.oauth.playgroundEnabled);
});

t.test('Kaie: routes by permission level', async (t) => {
  t.equal(scopeOf(kaie, 'GET', '/v1/workflows'), 'workflows:read');
  t.equal(scopeOf(kaie, 'PATCH', '/v1/workflows/1'), 'workflows:write');
  t.equal(scopeOf(kaie, 'DELETE', '/v1/workflows/1'), 'workflows:delete');
  t.equal(scopeOf(kaie, 'GET', '/v1/api-keys'), 'api-keys:manage');
  t.equal(scopeOf(kaie, 'PUT', '/v1/settings'), 'settings:manage');
  t.equal(scopeOf(kaie, 'GET', '/v1/admin/users'), 'admin');
  t.equal(findRoute(kaie.routes, 'POST', '/v1/analytics'), undefined);
});

t.test('Kaie: the error table', async (t) => {
  t.equal(worded(kaie, 'invalid_api_key'), '401 INVALID_API_KEY');
  t.equal(worded(kaie, 'expired_credential'), '401 INVALID_API_KEY', 'invalid or expired');
  t.equal(worded(kaie, 'missing_credential'), '401 MISSING_AUTHENTICATION');
  t.equal(worded(kaie, 'invalid_token'), '401 INVALID_TOKEN');
  t.equal(worded(kaie, 'expired_token'), '401 INVALID_TOKEN', 'invalid or expired');
  t.equal(worded(kaie, 'insufficient_permission'), '403 INSUFFICIENT_PERMISSIONS');
  t.equal(worded(kaie, 'insufficient_scope'), '403 SCOPE_INSUFFICIENT');
  t.strictSame(wordDenial(kaie.dialect, 'rate_limited', { retry_after: 12 }), {
    status: 429,
    headers: { 'content-type': 'application/json' },
    body: {
      error: {
        code: 'RATE_LIMIT_EXCEEDED',
        message: 'Too many requests. Retry in 12 seconds.',
        retry_after: 12,
      },
    },
  });
});

t.test('Klen: one key, three ways', async (t) => {
  t.strictSame(
    klen.presentations.map((place) => [place.in, 'name' in place ? place.name : undefined]),
    [
      ['bearer', undefined],
      ['header', 'x-api-key'],
      ['query', 'api_key'],
    ],
  );
  t.ok(klen.presentations.every(({ credentials }) => credentials.includes('api_key')));
  t.strictSame(names(klen.keyEnvironments), ['production', 'staging', 'development']);
});

t.test('Klen: permissions and limits per key, with their defaults', async (t) => {
  t.strictSame(names(klen.scopes), [
    'can_read_calls',
    'can_initiate_calls',
    'can_read_agents',
    'can_read_contacts',
    'can_read_calendar',
    'can_write_calendar',
  ]);
  t.strictSame(
    klen.namedLimits.map(({ name, limit, windowSeconds, kind }) => [
      name,
      limit,
      windowSeconds,
      kind,
    ]),
    [
      ['requests_per_minute_limit', 60, 60, 'rate'],
      ['calls_per_day_limit', 100, 86_400, 'quota'],
      ['calendar_events_per_day_limit', 50, 86_400, 'quota'],
    ],
  );
  t.ok(klen.namedLimits.every(({ settablePerKey, per }) => settablePerKey && per === 'credential'));
});

t.test('Klen: what counts on which limit', async (t) => {
  const everywhere = 'requests_per_minute_limit';
  t.strictSame(metersOf(klen, 'POST', '/v1/calls'), [everywhere, 'calls_per_day_limit']);
  t.strictSame(metersOf(klen, 'GET', '/v1/calls'), [everywhere]);
  t.strictSame(metersOf(klen, 'POST', '/v1/calendar/events'), [
    everywhere,
    'calendar_events_per_day_limit',
  ]);
  t.strictSame(metersOf(klen, 'PATCH', '/v1/calendar/events/1'), [everywhere], 'changing is free');
  t.equal(scopeOf(klen, 'POST', '/v1/calls'), 'can_initiate_calls');
  t.equal(scopeOf(klen, 'DELETE', '/v1/calendar/events/1'), 'can_write_calendar');
  t.equal(scopeOf(klen, 'GET', '/v1/calendar/availability'), 'can_read_calendar');
});

t.test('Klen: the error table', async (t) => {
  t.equal(worded(klen, 'missing_credential'), '401 authentication_required');
  t.equal(worded(klen, 'invalid_api_key'), '401 invalid_key');
  t.equal(worded(klen, 'expired_credential'), '401 invalid_key');
  t.equal(worded(klen, 'insufficient_permission'), '403 permission_denied');
  t.equal(worded(klen, 'rate_limited'), '429 rate_limit_exceeded');
  t.equal(worded(klen, 'quota_exceeded'), '429 rate_limit_exceeded');
});

t.test('KLOAKD: prefixes by tier, and a read-only test environment', async (t) => {
  t.match(kloakd.keyEnvironments, [
    { prefix: 'sk-live-', tier: 'Developer / Enterprise', issues: 'api_key', maxAccess: 'admin' },
    { prefix: 'sk-test-', tier: 'Playground', issues: 'playground_key', maxAccess: 'read' },
  ]);
  t.equal(kloakd.apiKeys.defaultPermissionSet, 'full_access', 'sk-live-: full API access');
  t.strictSame(kloakd.organizationHeader, {
    name: 'x-kloakd-organization',
    requiredFor: ['api_key', 'access_token', 'service_jwt'],
  });
});

t.test('KLOAKD: ten discoveries for life, by fingerprint and address', async (t) => {
  t.match(kloakd.playgroundKeys, {
    enabled: true,
    environment: 'test',
    identifyBy: ['fingerprint', 'address'],
  });
  t.match(
    kloakd.namedLimits.find(({ name }) => name === 'playground_discoveries'),
    {
      limit: 10,
      windowSeconds: null,
      kind: 'quota',
      per: 'identity',
      appliesTo: ['playground_key'],
    },
  );
  const writable = kloakd.routes
    .filter(({ playground, methods }) => playground && !methods.includes('GET'))
    .map(({ methods, path }) => `${methods} ${path}`);
  t.strictSame(writable, ['POST /api/v1/playground/discoveries']);
  t.ok(
    metersOf(kloakd, 'POST', '/api/v1/playground/discoveries')?.includes('playground_discoveries'),
  );
});

t.test('no route of a document is open to a key that may do nothing', async (t) => {
  for (const { id, routes } of [kliq, kaie, klen, kloakd]) {
    const open = routes.filter(({ scope }) => scope === undefined).map(({ path }) => path);
    t.strictSame(open, [], id);
  }
});

t.test('KLOAKD: one module a collection, plans made of modules', async (t) => {
  for (const module of ['discoveries', 'extractions', 'monitors']) {
    const match = findRoute(kloakd.routes, 'POST', `/api/v1/organizations/o1/${module}`);
    t.equal(match?.route.module, module);
    t.equal(match?.parameters[match.route.organizationParam ?? ''], 'o1');
  }
  const modules = Object.fromEntries(kloakd.plans.map((plan) => [plan.name, plan.modules]));
  t.strictSame(modules.developer, ['discoveries']);
  t.strictSame(modules.enterprise, ['discoveries', 'extractions', 'monitors']);
  t.equal(kloakd.defaultPlan, 'developer');
});

t.test('KLOAKD: the error table', async (t) => {
  t.equal(worded(kloakd, 'missing_credential'), '401 AuthenticationError');
  t.equal(worded(kloakd, 'invalid_api_key'), '401 AuthenticationError');
  t.equal(worded(kloakd, 'organization_mismatch'), '403 ForbiddenError');
  t.equal(worded(kloakd, 'not_entitled'), '403 NotEntitledError');
  t.equal(worded(kloakd, 'quota_exceeded'), '429 RateLimitError');
  t.equal(worded(kloakd, 'rate_limited'), '429 RateLimitError');
});

t.test('every platform words every denial, and can be read in light and dark', async (t) => {
  for (const platform of [kliq, kaie, klen, kloakd]) {
    t.strictSame(Object.keys(platform.dialect.denials), [...DENIAL_REASONS]);
    t.ok(contrastRatio(platform.branding.accentColor, '#ffffff') >= AA_CONTRAST);
    t.ok(contrastRatio(platform.branding.accentColorDark ?? '', '#111418') >= AA_CONTRAST);
  }
});

t.test(
  'what becomes of a request behind the gate is worded in the style of each document’s table',
  async (t) => {
    const behind = (platform: Platform) =>
      (['upstream_unreachable', 'upstream_timeout'] as const).map((one) => worded(platform, one));
    t.strictSame(behind(kliq), ['502 Bad Gateway', '504 Gateway Timeout']);
    t.strictSame(behind(kaie), ['502 UPSTREAM_UNREACHABLE', '504 UPSTREAM_TIMEOUT']);
    t.strictSame(behind(klen), ['502 upstream_unreachable', '504 upstream_timeout']);
    t.strictSame(behind(kloakd), ['502 BadGatewayError', '504 GatewayTimeoutError']);
  },
);
