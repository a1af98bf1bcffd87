import t from 'tap';
import { parsePlatform } from '../../src/platform/load.ts';
import { PlatformFileError } from '../../src/platform/problems.ts';

const BROKEN = `id: notes
nmae: Notes
issuer: http://notes.example
branding:
  accent_color: "#ffcc00"
api:
  identifier: api
scopes:
  notes:read:
    title: See notes
    description: Read your notes.
    access: reed
  openid:
    title: Sign in
    description: Sign in.
    access: read
permission_sets:
  read_only:
    title: Read only
    description: Look only.
    scopes: [notes:raed]
key_environments:
  live: { prefix: notes_ }
  test: { prefix: notes_test_ }
tokens:
  access_token: 1h
  authorization_code: 1d
  refresh_token: soon
routes:
  - { methods: [GET], path: /v1/notes, scope: notes:read }
  - { methods: [GET, FETCH], path: /v1/notes, module: serach }
  - { methods: [GET], path: /v1/notes }
dialect:
  denials:
    rate_limitd: { status: 429, code: SLOW }
    invalid_token: { status: 200, code: {code} }
`;

const EXPECTED = [
  {
    path: 'nmae',
    line: 2,
    expected: 'a key known here',
    found: 'the unknown key "nmae"',
    hint: 'Did you mean "name"?',
  },
  {
    path: 'issuer',
    line: 3,
    expected: 'an https URL without query, fragment or user name',
    found: '"http://notes.example"',
    hint: 'http is for localhost only.',
  },
  {
    path: 'branding.accent_color',
    line: 5,
    expected: 'a contrast of at least 4.5:1 against #ffffff',
    found: '"#ffcc00", 1.51:1',
    hint: 'Choose a darker shade.',
  },
  {
    path: 'api.identifier',
    line: 7,
    expected: 'an absolute URI without fragment, such as https://api.example.com',
    found: '"api"',
  },
  {
    path: 'scopes.notes:read.access',
    line: 12,
    expected: 'one of read, write, admin',
    found: '"reed"',
    hint: 'Did you mean "read"?',
  },
  {
    path: 'scopes.openid',
    line: 13,
    expected: 'a name that OpenID Connect does not define',
    found: '"openid"',
    hint: 'Gatehouse offers this scope by itself: remove it.',
  },
  {
    path: 'permission_sets.read_only.scopes[0]',
    line: 21,
    expected: 'a scope declared under scopes',
    found: '"notes:raed"',
    hint: 'Did you mean "notes:read"?',
  },
  {
    path: 'key_environments.test.prefix',
    line: 24,
    expected: 'a prefix that does not begin with that of live, "notes_"',
    found: '"notes_test_"',
    hint: 'A key must belong to one environment only.',
  },
  {
    path: 'tokens.authorization_code',
    line: 27,
    expected: 'from 10s to 10m',
    found: '1d',
  },
  {
    path: 'tokens.refresh_token',
    line: 28,
    expected: 'a duration such as 60s, 5m, 1h or 30d',
    found: '"soon"',
  },
  {
    path: 'routes[1].methods[1]',
    line: 31,
    expected: 'one of GET, POST, PUT, PATCH, DELETE',
    found: '"FETCH"',
  },
  {
    path: 'routes[1].module',
    line: 31,
    expected: 'a module declared under modules',
    found: '"serach"',
    hint: 'Declare it under modules.',
  },
  {
    path: 'routes[1]',
    line: 31,
    expected: 'one route for a method and path',
    found: 'GET /v1/notes again',
    hint: 'The other is routes[0].',
  },
  {
    path: 'routes[2]',
    line: 32,
    expected: 'one route for a method and path',
    found: 'GET /v1/notes again',
    hint: 'The other is routes[0].',
  },
  {
    path: 'dialect.denials.rate_limitd',
    line: 35,
    expected: 'a key known here',
    found: 'the unknown key "rate_limitd"',
    hint: 'Did you mean "rate_limited"?',
  },
  {
    path: 'dialect.denials.invalid_token.status',
    line: 36,
    expected: 'an HTTP status from 400 to 599',
    found: '200',
  },
  {
    path: 'dialect.denials.invalid_token.code',
    line: 36,
    expected: 'some text',
    found: 'a mapping',
    hint: 'Text with { or # needs quotes.',
  },
];

function failure(): PlatformFileError {
  try {
    parsePlatform(BROKEN, 'broken.yaml');
  } catch (error) {
    if (error instanceof PlatformFileError) return error;
  }
  throw new Error('the broken file was taken');
}

t.test('every problem at once: path, line, expectation, finding and remedy', async (t) => {
  const { problems } = failure();
  t.strictSame(problems, EXPECTED);
});

t.test('the message reads well in a terminal', async (t) => {
  const { message, name } = failure();
  t.equal(name, 'PlatformFileError');
  t.match(message, /^broken\.yaml: \d+ problems\n\n {2}line 2: nmae\n/);
  t.match(
    message,
    [
      '  line 12: scopes.notes:read.access',
      '    expected  one of read, write, admin',
      '    found     "reed"',
      '    hint      Did you mean "read"?',
    ].join('\n'),
  );
  t.ok(message.split('\n').every((line) => !/\s$/.test(line)));
});
