import t from 'tap';
import { parsePlatform } from '../../src/platform/load.ts';
import { PlatformFileError } from '../../src/platform/problems.ts';

/** A file with nothing wrong in it; each case adds one mistake. */
const SOUND = `
id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  notes:read: { title: See notes, description: Read your notes., access: read }
  notes:write: { title: Write notes, description: Write your notes., access: write }
`;

const problemsWith = (addition: string) => problemsOf(SOUND + addition);

function problemsOf(text: string) {
  try {
    parsePlatform(text, 'test.yaml');
  } catch (error) {
    if (error instanceof PlatformFileError) return error.problems;
    throw error;
  }
  return [];
}

/** What a case adds, and the path and finding of the one problem it makes. */
type Case = readonly [guarantee: string, addition: string, path: string, found: string | RegExp];

const LIMIT = 'title: L, limit: 1, window: 1m';

/** One more than Postgres counts to. */
const TOO_MANY = '2147483648';
const PLAYGROUND =
  'key_environments: { t: { prefix: t_, issues: playground_key } }\nplans: { p: { title: P } }\n' +
  'playground_keys: { environment: t, plan: p, issue_rate: ';

const CASES: readonly Case[] = [
  [
    'a scope that OpenID Connect defines',
    '  openid: { title: T, description: D., access: read }',
    'scopes.openid',
    '"openid"',
  ],
  [
    "a scope in Gatehouse's own name space",
    '  gate:decide: { title: T, description: D., access: read }',
    'scopes.gate:decide',
    '"gate:decide"',
  ],
  [
    'implying an unknown scope',
    "  x: { title: T, description: D., access: read, implies: ['notes:raed'] }",
    'scopes.x.implies[0]',
    '"notes:raed"',
  ],
  [
    'a scope that implies itself',
    '  x: { title: T, description: D., access: read, implies: [x] }',
    'scopes.x.implies',
    'a circle through "x"',
  ],
  [
    'managing what no tenant manages',
    '  x: { title: T, description: D., access: admin, manages: [webhooks, api-kyes] }',
    'scopes.x.manages[1]',
    '"api-kyes"',
  ],
  [
    'a permission set with an unknown scope',
    "permission_sets: { all: { title: T, description: D, scopes: ['notes:delete'] } }",
    'permission_sets.all.scopes[0]',
    '"notes:delete"',
  ],
  ['a role with an unknown scope', 'roles: { member: [x] }', 'roles.member[0]', '"x"'],
  [
    'an unknown default permission set',
    'api_keys: { default_permission_set: all }',
    'api_keys.default_permission_set',
    '"all"',
  ],
  [
    'a key prefix that begins another',
    'key_environments: { a: { prefix: n_ }, b: { prefix: n_b_ } }',
    'key_environments.b.prefix',
    '"n_b_"',
  ],
  [
    'one key prefix twice',
    'key_environments: { a: { prefix: n_ }, b: { prefix: n_ } }',
    'key_environments.b.prefix',
    '"n_"',
  ],
  [
    'a key prefix that looks like a JWT',
    'key_environments: { a: { prefix: eyJ_ } }',
    'key_environments.a.prefix',
    '"eyJ_"',
  ],
  [
    'a header presentation without name',
    'presentations: [{ in: header }]',
    'presentations[0].name',
    'nothing',
  ],
  [
    'a bearer presentation with a name',
    'presentations: [{ in: bearer, name: X }]',
    'presentations[0].name',
    '"X"',
  ],
  [
    'Authorization as a header presentation',
    'presentations: [{ in: header, name: Authorization }]',
    'presentations[0].name',
    '"Authorization"',
  ],
  [
    'one presentation twice, whatever the case',
    'presentations: [{ in: header, name: X-Key }, { in: header, name: x-key }]',
    'presentations[1]',
    'header x-key again',
  ],
  [
    'service JWTs that nothing accepts',
    'presentations: [{ in: bearer, credentials: [api_key] }]\nservice_jwts: {}',
    'presentations',
    'none',
  ],
  [
    'an organization header that carries the key',
    'presentations: [{ in: header, name: X-Key }]\norganization_header: { name: x-key }',
    'organization_header.name',
    '"x-key"',
  ],
  [
    'a plan with an unknown module',
    'plans: { p: { title: P, modules: [m] } }',
    'plans.p.modules[0]',
    '"m"',
  ],
  [
    'a plan with an unknown limit',
    'plans: { p: { title: P, limits: { l: 1 } } }',
    'plans.p.limits.l',
    '"l"',
  ],
  ['an unknown default plan', 'plans: { p: { title: P } }\ndefault_plan: q', 'default_plan', '"q"'],
  [
    'a route with an unknown scope',
    "routes: [{ methods: [GET], path: /n, scope: 'notes:raed' }]",
    'routes[0].scope',
    '"notes:raed"',
  ],
  [
    'a route with an unknown module',
    'routes: [{ methods: [GET], path: /n, module: m }]',
    'routes[0].module',
    '"m"',
  ],
  [
    'a route with an unknown limit',
    'routes: [{ methods: [GET], path: /n, meters: [l] }]',
    'routes[0].meters[0]',
    '"l"',
  ],
  [
    'an unknown default meter',
    'metering: { default_meters: [l] }',
    'metering.default_meters[0]',
    '"l"',
  ],
  [
    'a route that names an organization parameter its path lacks',
    'routes: [{ methods: [GET], path: /n/:org, organization_param: organization }]',
    'routes[0].organization_param',
    '"organization"',
  ],
  [
    'one path parameter twice',
    'routes: [{ methods: [GET], path: /n/:id/:id }]',
    'routes[0].path',
    ':id twice',
  ],
  [
    'two routes for the same requests',
    "routes: [{ methods: '*', path: /n/:id }, { methods: [POST], path: /n/:note }]",
    'routes[1]',
    'POST /n/:note again',
  ],
  [
    "a token endpoint among Gatehouse's own paths",
    'user_tokens: { token_path: /oauth/token }',
    'user_tokens.token_path',
    '"/oauth/token"',
  ],
  ...['sign-out', 'interaction', 'connected-apps', 'assets', 'demo', 'metrics'].map(
    (segment): Case => [
      `a refresh endpoint below /${segment}, which is Gatehouse's own`,
      `user_tokens: { refresh_path: /${segment}/x }`,
      'user_tokens.refresh_path',
      `"/${segment}/x"`,
    ],
  ),
  [
    'two token endpoints at one path',
    'user_tokens: { token_path: /v1/t, refresh_path: /v1/t }',
    'user_tokens.refresh_path',
    '"/v1/t"',
  ],
  [
    'playground keys from an unknown environment',
    'plans: { p: { title: P } }\nplayground_keys: { environment: test, plan: p }',
    'playground_keys.environment',
    '"test"',
  ],
  [
    'playground keys on an unknown plan',
    'key_environments: { t: { prefix: t_, issues: playground_key } }\nplayground_keys: { environment: t, plan: p }',
    'playground_keys.plan',
    '"p"',
  ],
  [
    'a playground route without playground keys',
    'routes: [{ methods: [GET], path: /n, playground: true }]',
    'routes[0].playground',
    'true',
  ],
  [
    'a limit per identity without playground keys',
    `limits: { l: { ${LIMIT}, per: identity } }`,
    'limits.l.per',
    'identity',
  ],
  [
    'a quota that cannot be counted so far',
    `limits: { l: { title: L, limit: ${TOO_MANY}, window: 1d } }`,
    'limits.l.limit',
    TOO_MANY,
  ],
  [
    'a quota for life that cannot be counted so far',
    'limits: { l: { title: L, limit: 1000000000000, window: lifetime } }',
    'limits.l.limit',
    '1000000000000',
  ],
  [
    "a plan's figure for a quota that cannot be counted so far",
    `limits: { l: { title: L, limit: 1, window: 61m } }\nplans: { p: { title: P, limits: { l: ${TOO_MANY} } } }`,
    'plans.p.limits.l',
    TOO_MANY,
  ],
  [
    'more keys for strangers than can be counted',
    `${PLAYGROUND}{ limit: ${TOO_MANY}, window: 1h } }`,
    'playground_keys.issue_rate.limit',
    TOO_MANY,
  ],
  [
    'more deliveries than can be counted',
    `webhooks: { events: { e: E }, delivery_rate: { limit: ${TOO_MANY}, window: 1m } }`,
    'webhooks.delivery_rate.limit',
    TOO_MANY,
  ],
  [
    'a quota whose window ends after all time',
    'limits: { l: { title: L, limit: 1, window: 999999999d } }',
    'limits.l.window',
    '999999999d',
  ],
  [
    'a code that lives too long (RFC 6749 §4.1.2)',
    'tokens: { authorization_code: 11m }',
    'tokens.authorization_code',
    '11m',
  ],
  [
    'an access token that lives too short',
    'tokens: { access_token: 5s }',
    'tokens.access_token',
    '5s',
  ],
  [
    'a refresh token that outlives its grant',
    'tokens: { refresh_token: 60d, grant: 30d }',
    'tokens.refresh_token',
    '60d',
  ],
  [
    'a grant shorter than the default refresh token',
    'tokens: { grant: 10d }',
    'tokens.grant',
    '10d',
  ],
  [
    'keys that rotate too often',
    'oauth: { signing_key_rotation: 1h }',
    'oauth.signing_key_rotation',
    '1h',
  ],
  [
    'a pale accent',
    'branding: { accent_color: "#ffcc00" }',
    'branding.accent_color',
    '"#ffcc00", 1.51:1',
  ],
  [
    'a dark accent for dark mode',
    'branding: { accent_color_dark: "#222222" }',
    'branding.accent_color_dark',
    /^"#222222", 1\./,
  ],
  [
    'an issuer without TLS',
    'issuer: http://id.notes.example',
    'issuer',
    '"http://id.notes.example"',
  ],
  [
    'a dialect entry for an unknown reason',
    'dialect: { denials: { rate_limitd: { status: 429, code: X } } }',
    'dialect.denials.rate_limitd',
    'the unknown key "rate_limitd"',
  ],
  ['an unknown placeholder', 'dialect: { body: { error: ["{cod}"] } }', 'dialect.body', '{cod}'],
  [
    'a dialect that sets a framing header',
    'dialect: { denials: { rate_limited: { status: 429, code: X, headers: { Content-Length: "0" } } } }',
    'dialect.denials.rate_limited.headers.Content-Length',
    '"Content-Length"',
  ],
  [
    'a status that is no error',
    'dialect: { denials: { rate_limited: { status: 200, code: X } } }',
    'dialect.denials.rate_limited.status',
    '200',
  ],
];

t.strictSame(problemsWith(''), [], 'the sound file is sound');

for (const [guarantee, addition, path, found] of CASES) {
  t.test(`refuses ${guarantee}`, async (t) => {
    const problems = problemsWith(addition);
    t.equal(problems.length, 1);
    t.match(problems[0], { path, found });
    t.ok((problems[0]?.line ?? 0) > 7, 'and points at its line');
  });
}

t.test('refuses an additional resource with the identifier of the API', async (t) => {
  const text = SOUND.replace(
    'https://api.notes.example }',
    'https://a.example, additional_resources: [{ identifier: https://a.example, name: A, scopes: [] }] }',
  );
  t.match(problemsOf(text), [{ path: 'api.additional_resources[0].identifier', line: 4 }]);
});

t.test('a refused section is one problem, not one for every reference into it', async (t) => {
  const problems = problemsWith('limits: 3\nmetering: { default_meters: [a, b, c] }');
  t.match(problems, [{ path: 'limits', found: '3', expected: 'a mapping' }]);
  t.equal(problems.length, 1);
});

t.test('a misspelt key is one problem, not a missing one besides', async (t) => {
  const problems = problemsWith('  x: { titel: T, description: D., access: read }');
  t.match(problems, [{ path: 'scopes.x.titel', hint: 'Did you mean "title"?' }]);
  t.equal(problems.length, 1);
});

t.test('says how far a quota is counted, and what to write', async (t) => {
  const problems = problemsWith(`limits: { l: { title: L, limit: ${TOO_MANY}, window: 1d } }`);
  t.match(problems[0], { expected: /^at most 2147483647: /, hint: /^Write 2147483647 / });
});

t.test('takes the highest figure of a quota, and a higher one of a rate', async (t) => {
  const plan = (figure: string) => `plans: { p: { title: P, limits: { l: ${figure} } } }`;
  const limit = (figure: string, window: string) =>
    `limits: { l: { title: L, limit: ${figure}, window: ${window} } }\n${plan(figure)}`;
  for (const window of ['1d', '36500d', 'lifetime']) {
    t.strictSame(problemsWith(limit('2147483647', window)), [], window);
  }
  t.strictSame(problemsWith(limit('1000000000000', '1h')), []);
});

t.test('http is an issuer on localhost', async (t) => {
  t.strictSame(problemsWith('issuer: http://localhost:3000'), []);
});

t.test('names from Object.prototype are names like any other', async (t) => {
  const problems = problemsWith(
    'plans: { p: { title: P } }\nplayground_keys: { environment: constructor, plan: constructor }',
  );
  t.match(problems, [{ found: '"constructor"' }, { found: '"constructor"' }]);
  t.match(problemsWith('oauth: { refresh_tokens: { toString: null } }'), [{ found: 'a mapping' }]);
});
