const MAX_LENGTH = 254;

/**
 * Local part: what needs no quoting, in any script. Domain: labels of letters, digits and inner hyphens,
 * also in any script; one label is enough (`admin@localhost`), as in an HTML e-mail field.
 */
const EMAIL =
  /^[^\s\p{C}@"(),:;<>[\]\\]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?)*$/u;

/**
 * The form an e-mail address is stored, looked up and counted in: trimmed, lower-cased, NFC. RFC 5321 §2.4
 * lets a host tell `Ann` from `ann`; no host does, and people type both.
 */
export function normaliseEmail(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

/** Whether a normalised text can be an address. Whether mail arrives there, only mail can tell. */
export function isEmail(normalised: string): boolean {
  return normalised.length <= MAX_LENGTH && EMAIL.test(normalised);
}
