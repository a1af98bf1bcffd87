import { posix } from 'node:path';
import { type Finding, findingAt, importsOf, isCode, type Rule } from './house.ts';

// How files are called, and that they find each other.

/** Rooms whose names are ours to choose; an SDK follows its language, a migration Prisma. */
const OURS = /^(src|test|bench|views|platforms|docs|deploy|prisma\/[^/]+$)/;
const KEBAB = /^[a-z0-9]+([-.][a-z0-9]+)*$/;
const DRAWERS = /(^|[-.])(utils?|helpers?)([-.]|$)/i;

export const kebabCase: Rule = {
  id: 'kebab-case',
  title: 'files and folders have kebab-case names',
  mend: 'rename it: lower case, words joined by hyphens',
  check: ({ files }) =>
    aboutNames(
      files.map(({ path }) => path).filter((path) => OURS.test(path)),
      (name) => !KEBAB.test(name.replace(/^\./, '')),
      (name) => `${name} is not kebab-case`,
    ),
  bad: [
    { 'src/oauthGrant.ts': '' },
    { 'src/Grants/new.ts': '' },
    { 'test/a_b.test.ts': '' },
    { 'docs/Decision One.md': '' },
  ],
  good: {
    'src/oauth/new-grant.ts': '',
    'src/a.store.ts': '',
    'docs/decisions/0001-title.md': '',
    'deploy/.gitignore': '',
    'deploy/nginx.conf': '',
    'README.md': '',
    Dockerfile: '',
    'prisma/migrations/20261121000000_initial/migration.sql': '',
    'sdk/python/client_test.py': '',
  },
};

export const drawers: Rule = {
  id: 'drawers',
  title: 'no file or folder is called utils or helpers',
  mend: 'name it for what is in it; if that has no name, it belongs to several files',
  check: ({ files }) =>
    aboutNames(
      files.map(({ path }) => path),
      (name) => DRAWERS.test(name),
      (name) => `${name} says nothing about what is in it`,
    ),
  bad: [
    { 'src/utils.ts': '' },
    { 'src/helpers/a.ts': '' },
    { 'test/test-helper.ts': '' },
    { 'sdk/go/util.go': '' },
  ],
  good: { 'src/utilisation.ts': '', 'src/lib/ids.ts': '' },
};

export const imports: Rule = {
  id: 'imports',
  title: 'every relative import leads to a file',
  mend: 'correct the path; it has its extension, .ts',
  check: ({ files, exists }) =>
    files
      .filter(({ path }) => isCode(path))
      .flatMap((file) =>
        importsOf(file)
          .filter(({ specifier }) => specifier.startsWith('.'))
          .filter(({ specifier }) => !exists(posix.join(posix.dirname(file.path), specifier)))
          .map(({ node, specifier }) => findingAt(file, node, `${specifier} is not there`)),
      ),
  bad: [
    { 'src/a.ts': "import { b } from './b.ts';" },
    { 'src/a.ts': "import { b } from './b';", 'src/b.ts': '' },
    { 'src/a.ts': "export * from '../gone.ts';" },
    { 'test/a.ts': "await import('../src/gone.ts');" },
  ],
  good: {
    'src/a.ts': "import { b } from './inner/b.ts'; import fs from 'node:fs';",
    'src/inner/b.ts': '',
  },
};

/** One finding for each name, however many files are below a folder of it. */
function aboutNames(
  paths: string[],
  isWrong: (name: string) => boolean,
  describe: (name: string) => string,
): Finding[] {
  const found = new Map<string, Finding>();
  for (const path of paths) {
    const names = path.split('/');
    names.forEach((name, depth) => {
      const place = names.slice(0, depth + 1).join('/');
      if (isWrong(name)) found.set(place, { path: place, line: 1, what: describe(name) });
    });
  }
  return [...found.values()];
}
