/** One thing that is wrong with a platform file, and how to mend it. */
export interface PlatformFileProblem {
  /** Where in the file, e.g. `scopes.workflows:read.access` or `routes[3].scope`; empty for the whole file. */
  readonly path: string;
  /** Counted from 1; 0 when there is no text to point at. */
  readonly line: number;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

/** Keys and list positions from the root of the file. */
export type FilePath = readonly (string | number)[];

/** Everything that is wrong with a platform file, in the order of its lines. */
export class PlatformFileError extends Error {
  readonly fileName: string;
  readonly problems: readonly PlatformFileProblem[];

  constructor(
    fileName: string,
    problems: readonly PlatformFileProblem[],
    options: ErrorOptions = {},
  ) {
    const sorted = problems.toSorted((a, b) => a.line - b.line);
    super(describe(fileName, sorted), options);
    this.name = 'PlatformFileError';
    this.fileName = fileName;
    this.problems = sorted;
  }
}

/** `['routes', 3, 'scope']` → `routes[3].scope` */
export function formatPath(path: FilePath): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join('');
}

/** A value as an error message shows it: on one line, short, and without control characters. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function describe(fileName: string, problems: readonly PlatformFileProblem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${fileName}: ${count}`, ...problems.map(describeOne)].join('\n\n');
}

function describeOne({ path, line, expected, found, hint }: PlatformFileProblem): string {
  const where = [line > 0 && `line ${line}`, path].filter(Boolean).join(': ') || 'the file';
  const rows = [`  ${where}`, `    expected  ${expected}`, `    found     ${found}`];
  return (hint ? [...rows, `    hint      ${hint}`] : rows).join('\n');
}
