/** A key pair of the user's whose public part is known here (WebAuthn Level 3 §4). */
export interface Passkey {
  readonly id: string;
  readonly userId: string;
  /** As the authenticator names it, in base64url. */
  readonly credentialId: string;
  /** A COSE_Key. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
  readonly transports: readonly string[];
  /** Synchronised between devices. */
  readonly backedUp: boolean;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** The most a user may have. */
export const MOST_PASSKEYS = 20;

const MAX_NAME_LENGTH = 60;

/** What keeps a text from naming a passkey. */
export function passkeyNameProblem(name: string): 'required' | 'invalid' | 'too_long' | undefined {
  if (name.trim() === '') return 'required';
  if (name.length > MAX_NAME_LENGTH) return 'too_long';
  return /\p{Cc}/u.test(name) || !name.isWellFormed() ? 'invalid' : undefined;
}

/** How somebody has proven who they are (RFC 8176 §2). */
export const amrOfPasskey = ({ backedUp }: Pick<Passkey, 'backedUp'>): readonly string[] => [
  // Its private part has been copied to where the hardware doesn't keep it.
  backedUp ? 'swk' : 'hwk',
  'user',
  'mfa',
];
