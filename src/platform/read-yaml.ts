import {
  type Document,
  isAlias,
  isMap,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import {
  type FilePath,
  formatValue,
  PlatformFileError,
  type PlatformFileProblem,
} from './problems.ts';

/** Far above any real platform file; keeps a mistaken path from filling the memory. */
const MAX_CHARACTERS = 1_000_000;

/** How many nodes aliases may multiply into before the file is taken for a bomb. */
const MAX_ALIASES = 100;

export interface YamlFile {
  /** Plain data: mappings, lists and scalars. */
  readonly value: unknown;
  /** The line (from 1) of a key or item; of its nearest ancestor when there is none. */
  lineOf(path: FilePath): number;
}

/**
 * Reads YAML 1.2 without trusting it.
 *
 * @throws PlatformFileError every syntax error at once, or that the file is too large, nested or multiplied
 */
export function readYaml(text: string, fileName: string): YamlFile {
  if (text.length > MAX_CHARACTERS) {
    throw refusal(
      fileName,
      `at most ${MAX_CHARACTERS} characters`,
      `${text.length} characters`,
      'Is this the right file?',
    );
  }
  const lines = new LineCounter();
  const document = parse(text, fileName, lines);
  const problems = syntaxProblems([...document.errors, ...document.warnings], lines);
  if (problems.length > 0) throw new PlatformFileError(fileName, problems);
  const value = expand(document, fileName);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    // Not what it says: a file that is no platform file may be a secret's.
    const found = typeof value === 'string' ? 'a text' : formatValue(value);
    throw refusal(fileName, 'a mapping with id, name, api and scopes', found);
  }
  return { value, lineOf: (path) => lineOf(document, lines, path) };
}

function parse(text: string, fileName: string, lineCounter: LineCounter): Document {
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  // The parser is recursive and reports, in its own words, that brackets exhausted the stack.
  if (document.errors.some(({ message }) => /call stack/i.test(message))) {
    throw refusal(fileName, 'YAML', 'too many levels of nesting', 'Open brackets without end?');
  }
  return document;
}

/** Plain data from the parsed document, aliases filled in. */
function expand(document: Document, fileName: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    JSON.stringify(value); // an alias inside its own anchor makes a circle
    return value;
  } catch (cause) {
    const unresolved = cause instanceof Error && /unresolved alias/i.test(cause.message);
    throw refusal(
      fileName,
      'few aliases (*name), each after its anchor (&name) and outside it',
      unresolved ? cause.message : 'aliases that multiply',
      'Write the repeated parts out.',
      cause,
    );
  }
}

function refusal(
  fileName: string,
  expected: string,
  found: string,
  hint?: string,
  cause?: unknown,
): PlatformFileError {
  const problem: PlatformFileProblem = { path: '', line: 1, expected, found };
  return new PlatformFileError(fileName, [hint ? { ...problem, hint } : problem], { cause });
}

/** The first error of each line: what follows it there is mostly its echo. */
function syntaxProblems(errors: readonly YAMLError[], lines: LineCounter): PlatformFileProblem[] {
  const byLine = new Map<number, PlatformFileProblem>();
  for (const error of errors) {
    const problem = syntaxProblem(error, lines);
    if (!byLine.has(problem.line)) byLine.set(problem.line, problem);
  }
  return [...byLine.values()];
}

function syntaxProblem(error: YAMLError, lines: LineCounter): PlatformFileProblem {
  const line = lines.linePos(error.pos[0]).line;
  const duplicate = error.code === 'DUPLICATE_KEY';
  return {
    path: '',
    line,
    expected: duplicate ? 'each key once in its mapping' : 'YAML',
    found: duplicate ? 'the same key again' : error.message,
    hint: duplicate
      ? 'Merge the two, or remove one.'
      : 'Check indentation, quotes and brackets here and just above.',
  };
}

function lineOf(document: Document, lines: LineCounter, path: FilePath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => String((key as { value?: unknown }).value) === step,
      );
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!node) break;
      offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}
