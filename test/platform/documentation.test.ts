import { readFileSync } from 'node:fs';
import t from 'tap';
import { parsePlatform } from '../../src/platform/load.ts';
import { PlatformFileError } from '../../src/platform/problems.ts';

const example = readFileSync(new URL('../../platforms/example.yaml', import.meta.url), 'utf8');
const withWords = (words: string) =>
  parsePlatform(`${example}\ndocumentation:\n${words}`, 'a.yaml');

t.test('documentation speaks of what the file declares, and says what it does not', async (t) => {
  const words = [
    '  scopes: { "notes:red": Read notes }',
    '  permission_sets: { readonly: [Read] }',
    '  key_environments: { life: All }',
    '  limits: { requests: How many }',
  ];
  const error = t.throws(() => withWords(words.join('\n')), PlatformFileError);
  const { problems } = error as PlatformFileError;
  t.same(
    problems.map(({ path, hint }) => [path, hint]),
    [
      ['documentation.scopes.notes:red', 'Did you mean "notes:read"?'],
      ['documentation.permission_sets.readonly', 'Did you mean "read_only"?'],
      ['documentation.key_environments.life', 'Did you mean "live"?'],
      [
        'documentation.limits.requests',
        'Declare it under limits, or use one of requests_per_minute, notes_per_day.',
      ],
    ],
  );
});

t.test('what it leaves out is empty, and no SDK is there', async (t) => {
  const { documentation } = parsePlatform(example, 'a.yaml');
  const nothing = { scopes: {}, permissionSets: {}, limits: {}, keyEnvironments: {}, sdks: [] };
  t.same(documentation, nothing);
  const { sdks } = withWords(
    '  sdks: { go: { package: acme.dev/go, client: acme } }',
  ).documentation;
  t.same(sdks, [{ language: 'go', package: 'acme.dev/go', client: 'acme' }]);
});
