import type { FieldProblem } from '../identity/identity.ts';
import type { FieldError } from './problems.ts';

const NAMES: Readonly<Record<FieldProblem['field'], string>> = {
  email: 'email',
  name: 'name',
  password: 'password',
  newPassword: 'password',
  organizationName: 'name',
  role: 'role',
};

const WORDS: Readonly<Record<FieldProblem['code'], string>> = {
  required: 'must not be empty',
  invalid: 'is not valid',
  too_short: 'must have at least 12 characters',
  too_long: 'is too long',
  too_common: 'is too easy to guess',
};

/** What identity says of a field, as the words after its name. */
export const wordsOf = ({ code }: FieldProblem): string => WORDS[code];

export const toFieldErrors = (problems: readonly FieldProblem[]): FieldError[] =>
  problems.map((problem) => ({
    in: 'body',
    path: NAMES[problem.field],
    message: wordsOf(problem),
  }));
