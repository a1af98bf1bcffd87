import { readFile } from 'node:fs/promises';
import t from 'tap';
import { loadPlatform, parsePlatform } from '../../src/platform/load.ts';
import { PlatformFileError } from '../../src/platform/problems.ts';
import { TENANT_RESOURCES } from '../../src/platform/tenant-resources.ts';
import { JSON_SCHEMA_PATH, platformJsonSchema } from '../../src/platform/write-json-schema.ts';

const SHIPPED = ['kliq', 'kaie', 'klen', 'kloakd', 'example'];

const MINIMAL = `
id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  notes:read: { title: See notes, description: Read your notes., access: read }
  notes:purge: { title: Purge, description: Delete all notes., access: admin, implies: '*' }
`;

/** The problems of a text that must not parse. */
function problemsOf(text: string) {
  try {
    parsePlatform(text, 'test.yaml');
  } catch (error) {
    if (error instanceof PlatformFileError) return error.problems;
    throw error;
  }
  return [];
}

for (const name of SHIPPED) {
  t.test(
    `loads ${name}, deeply frozen, with the schema for editors on its first line`,
    async (t) => {
      const platform = await loadPlatform(name);
      t.equal(platform.id, name);
      t.ok(isDeeplyFrozen(platform));
      const text = await readFile(`platforms/${name}.yaml`, 'utf8');
      t.match(text, /^# yaml-language-server: \$schema=\.\/platform\.schema\.json\n/);
    },
  );
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

t.test('a path is a path', async (t) => {
  t.equal((await loadPlatform('./platforms/kaie.yaml')).id, 'kaie');
});

t.test('fills in what the file leaves out', async (t) => {
  const platform = parsePlatform(MINIMAL, 'test.yaml');
  t.strictSame(platform.tokens, {
    accessTokenTtlSeconds: 3600,
    idTokenTtlSeconds: 3600,
    authorizationCodeTtlSeconds: 60,
    refreshTokenTtlSeconds: 30 * 86_400,
    grantTtlSeconds: 365 * 86_400,
    sessionTtlSeconds: 14 * 86_400,
    interactionTtlSeconds: 3600,
  });
  t.strictSame(platform.oauth, {
    refreshTokens: 'always',
    signingKeyRotationSeconds: 30 * 86_400,
    playgroundEnabled: true,
  });
  t.equal(platform.api.name, 'Notes API');
  t.strictSame(
    platform.plans.map(({ name }) => name),
    ['default'],
  );
  t.equal(platform.defaultPlan, 'default');
  t.strictSame(
    platform.keyEnvironments.map(({ prefix }) => prefix),
    ['notes_live_', 'notes_test_'],
  );
  t.strictSame(platform.scopes[1]?.implies, ['notes:read']);
  t.strictSame(platform.roles.member, ['notes:read'], 'a member does not administer');
  t.strictSame(platform.roles.owner, ['notes:read', 'notes:purge']);
  t.strictSame(platform.dialect.denials.rate_limited.code, 'rate_limited');
  t.notOk(platform.userTokens.enabled);
  t.notOk(platform.serviceJwts.enabled);
  t.notOk(platform.playgroundKeys.enabled);
  t.notOk(platform.webhooks.enabled);
});

t.test('implication is transitive', async (t) => {
  const text = `
id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  a: { title: A, description: A., access: read, implies: [b] }
  b: { title: B, description: B., access: read, implies: [c] }
  c: { title: C, description: C., access: read }
`;
  const { scopes } = parsePlatform(text, 'test.yaml');
  t.strictSame(
    scopes.map(({ implies }) => implies),
    [['b', 'c'], ['c'], []],
  );
});

t.test(
  'what a scope manages is listed, all of it for *, and nothing unless it is said',
  async (t) => {
    const text = `
id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  a: { title: A, description: A., access: admin, manages: '*', implies: [b] }
  b: { title: B, description: B., access: admin, manages: [webhooks, api-keys] }
  c: { title: C, description: C., access: admin }
`;
    const { scopes } = parsePlatform(text, 'test.yaml');
    t.strictSame(
      scopes.map(({ manages }) => manages),
      [TENANT_RESOURCES, ['webhooks', 'api-keys'], []],
    );
  },
);

t.test('names a missing file and what could be meant', async (t) => {
  const error = await loadPlatform('klik').catch((error: unknown) => error);
  t.ok(error instanceof PlatformFileError);
  t.match(error, {
    problems: [
      {
        path: '',
        line: 0,
        expected: 'a platform file',
        found: 'no such file',
        hint: /^Did you mean "kliq"\? .*: example, kaie, klen, kliq, kloakd\.$/,
      },
    ],
  });
  await t.rejects(loadPlatform('./platforms'), /found {5}a directory/);
});

t.test('refuses what is not YAML, every broken line at once', async (t) => {
  t.match(problemsOf('id: a\nid: b\nname: [\n'), [
    { line: 2, expected: 'each key once in its mapping' },
    { line: 4, expected: 'YAML' },
  ]);
  t.match(problemsOf(''), [{ line: 1, found: 'nothing' }]);
  t.match(problemsOf('- id'), [{ found: 'a list' }]);
  t.match(problemsOf('id: !!js/function x'), [{ found: /tag/ }]);
  t.match(problemsOf('id: a\n---\nid: b'), [{ line: 2, found: /multiple documents/ }]);
  t.match(problemsOf('a'.repeat(1_000_001)), [{ expected: 'at most 1000000 characters' }]);
});

t.test('refuses aliases that multiply, and circles', async (t) => {
  const letters = [...'abcdefgh'];
  const bomb = letters
    .map((letter, index) => {
      const previous = index === 0 ? 'x' : `*${letters[index - 1]}`;
      return `${letter}: &${letter} [${Array(9).fill(previous).join(', ')}]`;
    })
    .join('\n');
  const started = performance.now();
  t.match(problemsOf(bomb), [{ found: 'aliases that multiply', hint: /Write/ }]);
  t.match(problemsOf('a: &a { b: *a }'), [{ found: 'aliases that multiply' }]);
  t.match(problemsOf('a: *nowhere'), [{ found: /Unresolved alias/ }]);
  t.match(problemsOf('['.repeat(50_000)), [{ found: 'too many levels of nesting' }]);
  t.ok(performance.now() - started < 2000, 'quickly');
});

t.test(
  'the JSON Schema for editors is up to date (node src/platform/write-json-schema.ts)',
  async (t) => {
    const written: unknown = JSON.parse(await readFile(JSON_SCHEMA_PATH, 'utf8'));
    t.strictSame(written, JSON.parse(platformJsonSchema()));
  },
);
