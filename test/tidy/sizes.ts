import ts from 'typescript';
import { findingAt, isSource, nodesOf, type Rule } from './house.ts';

// Start at 70 and 400 and ratchet down (HOUSE: what fits on a screen can be seen to be right).
//
// A function's lines are those that are its own: a function with a name inside it (a method of the object
// that a factory returns, a local function) is read, and counted, by itself. A callback without a name is
// part of what it stands in.

const FUNCTION_LINES = 70;
const FILE_LINES = 400;

export const functionLength: Rule = {
  id: 'function-length',
  title: `no function in src is longer than ${FUNCTION_LINES} lines`,
  mend: 'cut it where its steps have names of their own',
  check: ({ files }) =>
    files
      .filter((file) => isSource(file.path))
      .flatMap((file) =>
        [...nodesOf(file)].filter(isFunction).flatMap((node) => {
          const lines = ownLinesOf(node);
          if (lines <= FUNCTION_LINES) return [];
          return [findingAt(file, node, `${nameOf(node)} has ${lines} lines`)];
        }),
      ),
  bad: [
    { 'src/a.ts': `export function long() {\n${'  work();\n'.repeat(FUNCTION_LINES - 1)}}\n` },
    {
      'src/a.ts': `export const a = {\n  m() {\n${'    work();\n'.repeat(FUNCTION_LINES)}  },\n};\n`,
    },
    { 'src/a.ts': `export const a = () => {\n${'  work();\n'.repeat(FUNCTION_LINES)}};\n` },
    // Two callbacks without names are lines of the function they stand in.
    {
      'src/a.ts': `export function a() {\n${`  each(() => {\n${'    work();\n'.repeat(40)}  });\n`.repeat(2)}}\n`,
    },
  ],
  good: {
    'src/a.ts': `export function fits() {\n${'  work();\n'.repeat(FUNCTION_LINES - 2)}}\n`,
    'src/factory.ts': `export function create() {\n  return {\n${`    method() {\n${'      work();\n'.repeat(40)}    },\n`.repeat(2)}  };\n}\n`,
  },
};

export const fileLength: Rule = {
  id: 'file-length',
  title: `no file in src is longer than ${FILE_LINES} lines`,
  mend: 'it holds more than one subject: give each its own file',
  check: ({ files }) =>
    files
      .filter((file) => isSource(file.path))
      .flatMap(({ path, text }) => {
        const lines = text.replace(/\n$/, '').split('\n').length;
        if (lines <= FILE_LINES) return [];
        return [{ path, line: FILE_LINES + 1, what: `the file has ${lines} lines` }];
      }),
  bad: [{ 'src/a.ts': '// line\n'.repeat(FILE_LINES + 1) }],
  good: { 'src/a.ts': '// line\n'.repeat(FILE_LINES), 'test/long.ts': '// line\n'.repeat(999) },
};

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

/** Lines of the function that no named function inside it takes up. */
function ownLinesOf(node: ts.FunctionLikeDeclaration): number {
  let inner = 0;
  const visit = (child: ts.Node): void => {
    if (isFunction(child) && hasName(child)) inner += linesOf(child);
    else ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
  return linesOf(node) - inner;
}

function hasName(node: ts.FunctionLikeDeclaration): boolean {
  if (node.name) return true;
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
}

function linesOf(node: ts.Node): number {
  const tree = node.getSourceFile();
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  return tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'a constructor';
  if (node.name) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)
    ? parent.name.getText()
    : 'a function';
}
