import ts from 'typescript';
import {
  findingAt,
  type HouseFile,
  importsOf,
  isTestFile,
  nodesOf,
  parse,
  type Rule,
} from './house.ts';

// Every test runs, and every test looks at something.

const HOLDS_BACK = ['only', 'skip', 'todo'];

/** tap's, and that of node:assert. */
const ASSERTIONS = new Set(
  (
    'ok notOk equal not same notSame strictSame strictNotSame match notMatch has notHas hasStrict ' +
    'notHasStrict hasProp hasProps hasOwnProp hasOwnProps hasOwnPropsOnly throws doesNotThrow rejects ' +
    'resolves resolveMatch resolveMatchSnapshot matchSnapshot matchOnly matchOnlyStrict matchStrict ' +
    'notMatchOnly type error emits pass fail'
  ).split(' '),
);

export const wholeRuns: Rule = {
  id: 'whole-runs',
  title: 'no test is singled out or left out',
  mend: 'take it away before you commit; a test that cannot pass is mended or deleted',
  check: ({ files }) =>
    files
      .filter(({ path }) => path.startsWith('test/') && path.endsWith('.ts'))
      .flatMap((file) =>
        [...nodesOf(file)].filter(holdsBack).map((node) => {
          const text = node.getText().split('\n')[0]!.slice(0, 60);
          return findingAt(file, node, `${text} keeps tests from running`);
        }),
      ),
  bad: [
    { 'test/a.test.ts': "t.only('a', async (t) => t.ok(1));" },
    { 'test/a.test.ts': "t.test.skip('a', async (t) => t.ok(1));" },
    { 'test/a.test.ts': "t.todo('a');" },
    { 'test/a.test.ts': "t.test('a', { skip: 'slow' }, async (t) => t.ok(1));" },
    { 'test/a.test.ts': "t.ok(a, 'a', { todo: true });" },
    { 'test/a.test.ts': "t.test('a', { only: true }, async (t) => t.ok(1));" },
  ],
  good: {
    'test/a.test.ts':
      "t.test('only and skip', { timeout: 9 }, async (t) => t.same(await list({ skip: 1 }), []));",
  },
};

export const assertions: Rule = {
  id: 'assertions',
  title: 'every test file asserts something',
  mend: 'assert what the test’s name promises, or delete the file',
  check: ({ files }) =>
    files
      .filter((file) => isTestFile(file.path) && !asserts(file))
      .map((file) => findingAt(file, parse(file), 'nothing is asserted here')),
  bad: [
    { 'test/a.test.ts': '' },
    { 'test/a.test.ts': "import t from 'tap'; t.test('a', async () => { work(); });" },
    { 'test/a.test.ts': "import t from 'tap'; // t.ok(true)\nconst text = 't.ok(true)';" },
    { 'test/a.test.ts': "import { join } from 'node:path'; join(t);" },
  ],
  good: {
    'test/a.test.ts': "import t from 'tap'; t.ok(true);",
    'test/b.test.ts': "import { counterSuite } from './counter-suite.ts'; counterSuite(t, memory);",
    'test/support/a.ts': 'export const a = 1;',
  },
};

function holdsBack(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression: owner } = node.expression;
  if (HOLDS_BACK.includes(name.text) && /^(t|tap|\w*[tT]est)(\.test)?$/.test(owner.getText()))
    return true;
  if (name.text !== 'test' && !ASSERTIONS.has(name.text)) return false;
  // The options of tap are the last object before the function, or the last argument.
  const options = node.arguments
    .filter((argument) => ts.isObjectLiteralExpression(argument))
    .at(-1);
  const properties = options?.properties ?? [];
  const isOption =
    node.arguments.indexOf(options as ts.Expression) >= (name.text === 'test' ? 1 : 2);
  return (
    isOption && properties.some((property) => HOLDS_BACK.includes(property.name?.getText() ?? ''))
  );
}

/** By itself, or by giving its `t` to a suite of ours. */
function asserts(file: HouseFile): boolean {
  const ours = importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ node }) => node.getText());
  return [...nodesOf(file)].some((node) => {
    if (!ts.isCallExpression(node)) return false;
    const { expression: callee } = node;
    if (ts.isPropertyAccessExpression(callee) && ASSERTIONS.has(callee.name.text)) return true;
    if (!ts.isIdentifier(callee)) return false;
    const isOurs = ours.some((text) => new RegExp(`\\b${callee.text}\\b`).test(text));
    return isOurs && node.arguments.some((argument) => argument.getText() === 't');
  });
}
