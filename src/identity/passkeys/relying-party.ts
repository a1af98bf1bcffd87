import { isIP } from 'node:net';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { User } from '../identity.ts';
import type { Passkey } from './passkey.ts';

/** What a browser is asked for, as it goes into the page. */
export type PasskeyOptions =
  | PublicKeyCredentialCreationOptionsJSON
  | PublicKeyCredentialRequestOptionsJSON;

type Bytes = Uint8Array<ArrayBuffer>;

/** What a new credential says of itself. */
export type NewCredential = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'transports' | 'backedUp'
>;

/** Ed25519, ES256 and RS256: what authenticators have (RFC 9053 §2, RFC 8812 §2). */
const ALGORITHMS = [-8, -7, -257];

/** How long a browser waits for its user, in milliseconds. */
const TIMEOUT_MS = 5 * 60_000;

/** The longest answer of an authenticator that is looked at, in characters. */
const MOST_CHARACTERS = 16_384;

export type RelyingParty = ReturnType<typeof createRelyingParty>;

/**
 * This server as WebAuthn knows it: the RP ID is the issuer's host, and answers come from the issuer's
 * origin and no other. User verification is asked for always, so a passkey is two factors in one.
 */
export function createRelyingParty({ issuer, name }: { issuer: string; name: string }) {
  const { origin, hostname: rpID, protocol } = new URL(issuer);
  const expected = { expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true };

  return {
    /** Browsers know no passkeys of IP addresses, nor of http but on `localhost`. */
    isPossible:
      isIP(rpID.replace(/^\[|\]$/g, '')) === 0 &&
      (protocol === 'https:' || rpID === 'localhost' || rpID.endsWith('.localhost')),

    creationOptions(
      user: Pick<User, 'id' | 'email' | 'name'>,
      known: readonly Passkey[],
      c: Bytes,
    ) {
      return generateRegistrationOptions({
        ...{ rpID, rpName: name, challenge: c, timeout: TIMEOUT_MS },
        userID: new Uint8Array(Buffer.from(user.id)),
        ...{ userName: user.email, userDisplayName: user.name, attestationType: 'none' },
        excludeCredentials: known.map(descriptorOf),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      });
    },

    requestOptions(allowed: readonly Passkey[], challenge: Bytes) {
      return generateAuthenticationOptions({
        ...{ rpID, challenge, timeout: TIMEOUT_MS, userVerification: 'required' },
        allowCredentials: allowed.map(descriptorOf),
      });
    },

    /** @returns undefined for an answer that proves nothing */
    async readCreation(
      answer: Answer,
      isGood: (challenge: string) => boolean,
    ): Promise<NewCredential | undefined> {
      const result = await verifyRegistrationResponse({
        response: answer as unknown as RegistrationResponseJSON,
        ...{ ...expected, expectedChallenge: isGood, supportedAlgorithmIDs: ALGORITHMS },
      }).catch(() => undefined);
      if (!result?.verified) return undefined;
      const { credential, credentialBackedUp: backedUp } = result.registrationInfo;
      const { id: credentialId, publicKey, counter, transports = [] } = credential;
      return { credentialId, publicKey, counter, transports: knownOf(transports), backedUp };
    },

    /** @returns undefined for an answer that proves nothing */
    async readAssertion(
      answer: Answer,
      passkey: Passkey,
      isGood: (challenge: string) => boolean,
    ): Promise<{ counter: number; backedUp: boolean } | undefined> {
      const { credentialId: id, publicKey, counter } = passkey;
      const result = await verifyAuthenticationResponse({
        response: answer as unknown as AuthenticationResponseJSON,
        ...{ ...expected, expectedChallenge: isGood, credential: { id, publicKey, counter } },
      }).catch(() => undefined);
      if (!result?.verified) return undefined;
      const { newCounter, credentialBackedUp } = result.authenticationInfo;
      return { counter: newCounter, backedUp: credentialBackedUp };
    },
  };
}

/** What a form brought: an object with an `id`, the rest for the library to judge. */
export interface Answer {
  readonly id: string;
}

/** @returns undefined for what is no answer of an authenticator */
export function readAnswer(text: unknown): Answer | undefined {
  if (typeof text !== 'string' || text.length > MOST_CHARACTERS) return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    const id =
      typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'id') : undefined;
    return typeof id === 'string' && /^[\w-]{1,1366}$/.test(id) ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}

const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

const knownOf = (transports: readonly string[]) =>
  TRANSPORTS.filter((each) => transports.includes(each));

const descriptorOf = ({ credentialId: id, transports }: Passkey) => ({
  id,
  transports: [...transports],
});
