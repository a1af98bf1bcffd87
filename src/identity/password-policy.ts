import { COMMON_PASSWORDS, KEYBOARD_WALKS } from './common-passwords.ts';

export type PasswordProblem = 'too_short' | 'too_long' | 'too_common';

/** What a guesser tries first: words that belong to the account or to the place. */
export interface PasswordSubject {
  /** Normalised. */
  email: string;
  name: string;
  /** The platform's name. */
  platform?: string | undefined;
}

const MIN_CHARACTERS = 12;
const MAX_CHARACTERS = 256;
/** Shorter words turn up in good passwords by chance. */
const MIN_WORD_LENGTH = 3;
/** Characters that must remain when the words that belong to the account are taken out. */
const MIN_REMAINDER = 8;
/** A pattern this short, repeated, is one key held down or two played in turn. */
const MAX_PERIOD = 4;

/**
 * The form a password is hashed in: NFKC, so that the same keys pressed on another machine give the same
 * bytes. Nothing is trimmed: spaces count.
 *
 * @see NIST SP 800-63B-4 §3.1.1.2
 */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/** Whether a text is longer than any password, told without normalising it first. */
export function exceedsAnyPassword(password: string): boolean {
  // A character takes at most two code units, and NFKC may compose up to four of them into one.
  return password.length > MAX_CHARACTERS * 8 || characters(password) > MAX_CHARACTERS;
}

/**
 * What speaks against a new password: 12 to 256 characters of any kind, that a guesser would not try
 * first. No rules of composition: they make passwords worse.
 *
 * @see NIST SP 800-63B-4 §3.1.1.2
 */
export function passwordProblem(
  password: string,
  subject: PasswordSubject,
): PasswordProblem | undefined {
  if (exceedsAnyPassword(password)) return 'too_long';
  if (characters(password) < MIN_CHARACTERS) return 'too_short';
  const folded = normalisePassword(password).toLowerCase();
  const guessable = isCommon(folded) || isMonotonous(folded) || isAboutThemselves(folded, subject);
  return guessable ? 'too_common' : undefined;
}

function characters(password: string): number {
  return [...normalisePassword(password)].length;
}

function isCommon(folded: string): boolean {
  const word = folded.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  return COMMON_PASSWORDS.has(word) || KEYBOARD_WALKS.has(folded);
}

/** One short pattern over and over (`abcabcabcabc`), or a row of neighbours (`123456789012`). */
function isMonotonous(folded: string): boolean {
  const points = [...folded].map((character) => character.codePointAt(0)!);
  for (let period = 1; period <= MAX_PERIOD; period += 1) {
    if (points.every((point, index) => point === points[index % period])) return true;
  }
  const steps = points.slice(1).map((point, index) => point - points[index]!);
  return [1, -1].some((step) => steps.every((each) => each === step || each === -9 * step));
}

/** Little more than the person's or the platform's own words. */
function isAboutThemselves(
  folded: string,
  { email, name, platform = '' }: PasswordSubject,
): boolean {
  const texts = [email, email.split('@')[0] ?? '', name, platform];
  const words = texts
    .flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])
    .map((word) => normalisePassword(word).toLowerCase())
    .filter((word) => word.length >= MIN_WORD_LENGTH)
    .sort((one, other) => other.length - one.length);
  const remainder = words.reduce((rest, word) => rest.replaceAll(word, ''), folded);
  return remainder !== folded && [...remainder].length < MIN_REMAINDER;
}
