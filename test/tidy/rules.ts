import * as boundaries from './boundaries.ts';
import * as documents from './documents.ts';
import type { Rule } from './house.ts';
import * as names from './names.ts';
import * as sizes from './sizes.ts';
import * as tests from './tests.ts';
import * as words from './words.ts';

/** What keeps the house in order; a rule that a module exports cannot be forgotten here. */
export const rules: readonly Rule[] = [sizes, boundaries, names, words, tests, documents].flatMap(
  (module) => Object.values(module),
);

export interface Exception {
  readonly rule: string;
  readonly path: string;
  /** Why it is right here. */
  readonly reason: string;
}

/** One that is no longer needed fails the test: the list only gets shorter by itself. */
export const exceptions: readonly Exception[] = [
  ...['embedded', 'patiently', 'postmaster'].map((name) => ({
    rule: 'clock',
    path: `src/database/${name}.ts`,
    reason:
      'how long this process waits for a server to come up: a monotonic deadline, no point in time',
  })),
  {
    rule: 'clock',
    path: 'src/lifecycle.ts',
    reason: 'how long this process may take to stop: a monotonic deadline, no point in time',
  },
];
