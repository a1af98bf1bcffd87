import { randomInt } from 'node:crypto';

/** Of Crockford's base 32: no letter that is taken for a digit, none that makes words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 4;
const GROUP_CHARACTERS = 5;

/** How many a person gets at once. */
export const RECOVERY_CODES = 10;

/** A code of 100 random bits, as people write it down: `7K3QH-9XZPA-0M4TW-E2RCB`. */
export function newRecoveryCode(): string {
  const group = () =>
    Array.from({ length: GROUP_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/**
 * A code as it was made, however it was typed: in small letters, without hyphens, with an O for a zero.
 *
 * @returns undefined for what is no code
 */
export function readRecoveryCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined;
  const bare = typed
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const isCode =
    bare.length === GROUPS * GROUP_CHARACTERS && [...bare].every((each) => ALPHABET.includes(each));
  return isCode ? bare.replaceAll(/.{5}(?=.)/g, '$&-') : undefined;
}
