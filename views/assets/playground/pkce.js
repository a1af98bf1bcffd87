// Random values, and what is worked out of them (RFC 7636 §4).

export const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** 256 bits. */
export const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

export const sha256 = async (text) =>
  base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

export async function newAttempt() {
  const verifier = random();
  return {
    CODE_VERIFIER: verifier,
    CODE_CHALLENGE: await sha256(verifier),
    STATE: random(),
    NONCE: random(),
  };
}
