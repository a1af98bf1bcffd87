import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a page asks a browser for, as far as this authenticator looks. */
export interface Asked {
  challenge: string;
  allowCredentials?: { id: string }[];
}

export interface AuthenticatorOptions {
  origin: string;
  /** Default the origin's host. */
  rpId?: string;
  /** Whether it asks its owner for a PIN or a finger; default true. */
  verifiesUser?: boolean;
}

/**
 * A passkey in software, which answers as a browser would hand it on, also what an honest one would not:
 * for another origin, or without its user.
 */
export interface Authenticator {
  readonly id: string;
  /** The answer to the options for a new passkey, for the form's field `credential`. */
  create(asked: Asked): string;
  /** The answer to the options for a sign-in. */
  get(asked: Asked, more?: { origin?: string; counter?: number }): string;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { origin, verifiesUser = true } = options;
  const rpId = options.rpId ?? new URL(origin).hostname;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rawId = randomBytes(32);
  const id = rawId.toString('base64url');
  let signatures = 0;

  /** User present, user verified; with the credential itself where `attested`. */
  const dataOf = (counter: number, attested?: Buffer) => {
    const flags = 0x01 | (verifiesUser ? 0x04 : 0) | (attested ? 0x40 : 0);
    const head = Buffer.concat([sha256(rpId), Buffer.of(flags), uint(counter, 4)]);
    return attested ? Buffer.concat([head, attested]) : head;
  };
  const clientData = (type: string, { challenge }: Asked, from: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin: from, crossOrigin: false }));
  const answer = (response: Record<string, unknown>) =>
    JSON.stringify({ id, rawId: id, type: 'public-key', clientExtensionResults: {}, response });

  return {
    id,
    create(asked) {
      const attested = Buffer.concat([Buffer.alloc(16), uint(32, 2), rawId, coseKey(publicKey)]);
      const attestation = cborMap([
        [text('fmt'), text('none')],
        [text('attStmt'), Buffer.of(0xa0)],
        [text('authData'), bytes(dataOf(0, attested))],
      ]);
      return answer({
        clientDataJSON: clientData('webauthn.create', asked, origin).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      });
    },
    get(asked, { origin: from = origin, counter } = {}) {
      signatures += 1;
      const data = dataOf(counter ?? signatures);
      const client = clientData('webauthn.get', asked, from);
      const signature = sign('sha256', Buffer.concat([data, sha256(client)]), privateKey);
      return answer({
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      });
    },
  };
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

function uint(value: number, size: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.writeUIntBE(value, 0, size);
  return buffer;
}

/** RFC 9053 §7.1.1: an EC2 key for ES256. */
function coseKey(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: 'jwk' });
  const coordinate = (value: unknown) => bytes(Buffer.from(String(value), 'base64url'));
  return cborMap([
    [Buffer.of(0x01), Buffer.of(0x02)],
    [Buffer.of(0x03), Buffer.of(0x26)],
    [Buffer.of(0x20), Buffer.of(0x01)],
    [Buffer.of(0x21), coordinate(x)],
    [Buffer.of(0x22), coordinate(y)],
  ]);
}

// The little of CBOR (RFC 8949 §3.1) that it takes.
const head = (major: number, length: number) =>
  length < 24 ? Buffer.of((major << 5) | length) : Buffer.of((major << 5) | 24, length);
const text = (value: string) => Buffer.concat([head(3, value.length), Buffer.from(value)]);
const bytes = (value: Buffer) => Buffer.concat([head(2, value.length), value]);
const cborMap = (entries: readonly (readonly [Buffer, Buffer])[]) =>
  Buffer.concat([head(5, entries.length), ...entries.flat()]);
