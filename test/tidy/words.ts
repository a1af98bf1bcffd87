import ts from 'typescript';
import {
  commentsOf,
  type Finding,
  findingAt,
  type HouseFile,
  isCode,
  nodesOf,
  type Rule,
} from './house.ts';

// What may not be written anywhere.

const LEFT_OVER = /\b(TODO|FIXME|XXX)\b/;
const SILENCER = /@ts-(ignore|nocheck|expect-error)\b(.*)/;
const LINT_SILENCER = /\bbiome-ignore(?:-\w+)?\s+[\w/]+(?:\([^)]*\))?\s*(?::\s*(.*))?/;
/** Two words, at the least. */
const REASON = /\w+\W+\w+/;

export const anyType: Rule = {
  id: 'any-type',
  title: 'nothing is declared to be any',
  mend: 'use unknown and look, or the type it has',
  check: ({ files }) =>
    files
      .filter(({ path }) => isCode(path))
      .flatMap((file) =>
        [...nodesOf(file)]
          .filter((node) => ts.isAsExpression(node) || ts.isTypeAssertionExpression(node))
          .filter((node) => node.type.kind === ts.SyntaxKind.AnyKeyword)
          .map((node) => findingAt(file, node, `${node.getText().slice(0, 60)} gives up the type`)),
      ),
  bad: [
    { 'src/a.ts': 'export const a = b as any;' },
    { 'test/a.ts': 'export const a = <any>b;' },
    { 'src/a.ts': 'export const a = b as any as string;' },
  ],
  good: { 'src/a.ts': "export const a = b as unknown; export const text = 'as any'; // as any" },
};

export const silencers: Rule = {
  id: 'silencers',
  title: 'the compiler and the linter are silenced for a stated reason only',
  mend: 'mend what they found, or say why after it: // biome-ignore lint/group/rule: reason',
  check: ({ files }) =>
    files
      .filter(({ path }) => isCode(path))
      .flatMap((file) =>
        commentsOf(file).flatMap(({ text, line }) => {
          const what = silencerProblem(text);
          return what ? [{ path: file.path, line, what }] : [];
        }),
      ),
  bad: [
    { 'src/a.ts': '// @ts-ignore the library has no types\nb();' },
    { 'src/a.ts': '// @ts-nocheck because it is old\nb();' },
    { 'src/a.ts': '// @ts-expect-error\nb();' },
    { 'src/a.ts': '// biome-ignore lint/suspicious/noExplicitAny: ok\nb();' },
    { 'src/a.ts': '// biome-ignore lint/suspicious/noExplicitAny\nb();' },
    { 'src/a.ts': '/* biome-ignore-all format: */\nb();' },
  ],
  good: {
    'src/a.ts': [
      '// @ts-expect-error the library has no types for it',
      '// biome-ignore lint/suspicious/noExplicitAny: its overloads have no common signature',
      "b('// @ts-ignore');",
    ].join('\n'),
  },
};

export const leftOvers: Rule = {
  id: 'left-overs',
  title: 'no note of work to be done stays in a file',
  mend: 'do it, or open an issue',
  check: ({ files }) =>
    files
      .filter(({ path }) => !/(^|\/)(package-lock\.json|LICENSE)$/.test(path))
      .flatMap((file) =>
        linesToRead(file).flatMap(({ text, line }) => {
          const word = LEFT_OVER.exec(text)?.[1];
          return word ? [{ path: file.path, line, what: `${word} was left in` }] : [];
        }),
      ),
  bad: [
    { 'src/a.ts': 'b(); // TODO later' },
    { 'src/a.ts': '/** FIXME */\nb();' },
    { 'views/a.eta': '<!-- TODO -->' },
    { 'docs/a.md': 'Some text.\nTODO: write it.' },
    { 'deploy/a.sh': '# XXX' },
  ],
  good: { 'src/a.ts': "export const tap = '# TODO'; // done", 'docs/a.md': 'A to-do list.' },
};

export const machinePaths: Rule = {
  id: 'machine-paths',
  title: 'no file names a place on one machine, or the registry it was installed from',
  mend: 'make it relative, or take it from the environment',
  check: ({ files }) =>
    files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((content, index): Finding[] => {
        const place = MACHINE_PLACE.exec(content)?.[1] ?? REGISTRY.exec(content)?.[0];
        return place ? [{ path, line: index + 1, what: `names ${place.slice(0, 60)}` }] : [];
      }),
    ),
  bad: [
    { 'src/a.ts': `export const seeds = '/${'work'}/shared/seeds';` },
    { 'docs/a.md': `See /${'root'}/.npmrc.` },
    { 'docs/a.md': `See /${'home'}/jane/gatehouse.` },
    { 'package-lock.json': `"resolved": "${'https:'}//npm.example.com/a/-/a-1.0.0.tgz"` },
    { 'package-lock.json': `"resolved": "${'http:'}//127.0.0.1:4873/a/-/a-1.0.0.tgz"` },
    { '.npmrc': `registry=${'https:'}//packages.example.com/npm/` },
    { Dockerfile: `RUN npm ci --${'registry'}=https://npm.example.com` },
  ],
  good: {
    'src/a.ts': "export const paths = ['./work/a', 'a/root/b', '/oauth/home/', '/workflows'];",
    'docs/a.md': 'https://example.com/work/ and {dir}/work/ of it',
  },
};

const MACHINE_PLACE = /(?<![\w.})*$-])(\/(?:work|root|home\/\w+|Users\/\w+)\/[\w.-]*)/;
const REGISTRY = /"resolved":\s*"https?:[^"]*|\bregistry\s*[=:]\s*"?https?:\S+/;

/** Of code the comments, of everything else all lines. */
function linesToRead(file: HouseFile): { text: string; line: number }[] {
  if (isCode(file.path)) return commentsOf(file);
  return file.text.split('\n').map((text, index) => ({ text, line: index + 1 }));
}

function silencerProblem(comment: string): string | undefined {
  const [, silencer, words = ''] = SILENCER.exec(comment) ?? [];
  if (silencer === 'ignore' || silencer === 'nocheck') return `@ts-${silencer} hides every error`;
  if (silencer && !REASON.test(words)) return '@ts-expect-error without a reason';
  const lint = LINT_SILENCER.exec(comment);
  return lint && !REASON.test(lint[1] ?? '') ? 'biome-ignore without a reason' : undefined;
}
