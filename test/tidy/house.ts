import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

// What a tidy rule sees: the repository's files, or a sample of a few invented ones.

export interface HouseFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface House {
  readonly files: readonly HouseFile[];
  /** Whether a path exists, also one that is made on install and not tracked. */
  exists(path: string): boolean;
}

export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

export type Files = Readonly<Record<string, string>>;

/** One point of order. Its samples prove that it sees what it should, and nothing else. */
export interface Rule {
  /** By which exceptions name it. */
  readonly id: string;
  /** The guarantee, in words. */
  readonly title: string;
  /** How to mend a finding. */
  readonly mend: string;
  check(house: House): Finding[];
  /** Small houses, each of which must give exactly one finding. */
  readonly bad: readonly Files[];
  /** A small house that must give none. */
  readonly good: Files;
}

const MADE_BY_MACHINES = /(^|\/)(node_modules|\.git|\.data|\.tap|coverage|generated|\.artifacts)\//;
const NOT_TEXT = /\.(png|jpe?g|gif|ico|webp|woff2?|pdf|gz|zip|wasm)$/;

/** The repository: what git tracks, and what it would if it were added now. */
export function readHouse(root: string): House {
  const paths = listFiles(root).filter((path) => !MADE_BY_MACHINES.test(path));
  const files = paths
    .filter((path) => !NOT_TEXT.test(path) && isFile(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  return { files, exists: (path) => existsSync(join(root, path)) };
}

export function sampleHouse(files: Files): House {
  const paths = Object.keys(files);
  return {
    files: Object.entries(files).map(([path, text]) => ({ path, text })),
    exists: (path) => paths.some((known) => known === path || known.startsWith(`${path}/`)),
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A clone may belong to somebody else than who tests it, or come as an archive without git. */
function listFiles(root: string): string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    const output = execFileSync('git', ['-c', 'safe.directory=*', ...list], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.split('\0').filter(Boolean);
  } catch {
    return walk(root, root);
  }
}

function walk(root: string, directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const full = join(directory, entry.name);
    const path = relative(root, full);
    if (!entry.isDirectory()) return [path];
    return MADE_BY_MACHINES.test(`${path}/`) ? [] : walk(root, full);
  });
}

// --- What rules ask of files ---------------------------------------------------------------------------

export const isCode = (path: string) => /\.(ts|mts|mjs|js)$/.test(path);
export const isSource = (path: string) => path.startsWith('src/') && path.endsWith('.ts');
export const isTestFile = (path: string) => /^test\/.*\.test\.ts$/.test(path);

const parsed = new WeakMap<HouseFile, ts.SourceFile>();

export function parse(file: HouseFile): ts.SourceFile {
  let tree = parsed.get(file);
  if (!tree) {
    tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
    parsed.set(file, tree);
  }
  return tree;
}

/** Every node of a file, the file itself first. */
export function* nodesOf(file: HouseFile): Generator<ts.Node> {
  const queue: ts.Node[] = [parse(file)];
  for (let node = queue.pop(); node; node = queue.pop()) {
    yield node;
    const children: ts.Node[] = [];
    ts.forEachChild(node, (child) => void children.push(child));
    queue.push(...children.reverse());
  }
}

export function findingAt(file: HouseFile, node: ts.Node, what: string): Finding {
  const tree = parse(file);
  return { path: file.path, line: lineAt(tree, node.getStart(tree)), what };
}

export function lineAt(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}

export interface Comment {
  readonly text: string;
  readonly line: number;
}

/** The comments of a file of code: text in strings that looks like one doesn't count. */
export function commentsOf(file: HouseFile): Comment[] {
  const tree = parse(file);
  const found = new Map<number, Comment>();
  const add = (range: ts.CommentRange) => {
    const text = file.text.slice(range.pos, range.end);
    found.set(range.pos, { text, line: lineAt(tree, range.pos) });
  };
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(tree);
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    ts.getLeadingCommentRanges(file.text, node.getFullStart())?.forEach(add);
    ts.getTrailingCommentRanges(file.text, node.getEnd())?.forEach(add);
  };
  visit(tree);
  return [...found.values()];
}

export interface Import {
  readonly specifier: string;
  /** False for `import type`, and when every name in it is a type. */
  readonly isValue: boolean;
  readonly node: ts.Node;
}

/** Imports, re-exports and `import()`s with a fixed specifier. */
export function importsOf(file: HouseFile): Import[] {
  const imports: Import[] = [];
  for (const node of nodesOf(file)) {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const { text } = node.moduleSpecifier;
      imports.push({ specifier: text, isValue: importsValue(node.importClause), node });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const { text } = node.moduleSpecifier as ts.StringLiteral;
      imports.push({ specifier: text, isValue: !node.isTypeOnly, node });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments;
      if (target && ts.isStringLiteral(target)) {
        imports.push({ specifier: target.text, isValue: true, node });
      }
    }
  }
  return imports;
}

function importsValue(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return true;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return false;
  const names = clause.namedBindings;
  if (clause.name || !names || !ts.isNamedImports(names)) return true;
  return names.elements.length === 0 || names.elements.some((element) => !element.isTypeOnly);
}
