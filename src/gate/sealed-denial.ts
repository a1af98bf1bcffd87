import type { Clock } from '../lib/clock.ts';
import { createMasterKey, type MasterKey } from '../lib/master-key.ts';
import { DENIAL_REASONS } from '../platform/denial-reasons.ts';
import type { Denial, MeteredCount } from './context.ts';

/** A denial on its way through a proxy, with what its words need. */
export interface SealedDenial {
  readonly denial: Denial;
  readonly requestId: string;
  readonly deniedAt: Date;
}

/**
 * Carries a denial from the process that decided to the one that words it. Sealed with a key that all
 * processes derive from MASTER_KEY, so that nobody can have Gatehouse say what it never decided.
 */
export interface DenialSeal {
  /** At most MAX_SEALED_LENGTH characters of base64url. */
  seal(denial: SealedDenial): string;
  /** Undefined: not sealed here, altered, or older than a minute. */
  open(text: string): SealedDenial | undefined;
}

/** Fits, with the other headers of an answer, into the 16k that deploy/gate-nginx.conf reads them with. */
export const MAX_SEALED_LENGTH = 4_096;

/** A proxy comes back within milliseconds; the rest is for clocks that differ. */
const LIFETIME_MS = 60_000;

const PURPOSE = 'gate-denial';

export function createDenialSeal(deps: { masterKey: MasterKey; clock: Clock }): DenialSeal {
  const { clock } = deps;
  // Not the key that guards the signing keys: denials are made by the million, at a stranger's will, and
  // random nonces bear only so many under one key (NIST SP 800-38D §8.3).
  const { encrypt, decrypt } = createMasterKey(deps.masterKey.hashSecret(PURPOSE));
  const sealAs = (value: object) =>
    encrypt(Buffer.from(JSON.stringify(value)), PURPOSE).toString('base64url');

  return {
    seal({ denial, requestId, deniedAt }) {
      const { counts = [], owner: _, ...rest } = denial;
      const sealed = { requestId, deniedAt: deniedAt.getTime(), denial: rest };
      const whole = sealAs({ ...sealed, counts: counts.map(withoutKey) });
      return whole.length <= MAX_SEALED_LENGTH ? whole : sealAs({ ...sealed, counts: [] });
    },
    open(text) {
      if (text.length > MAX_SEALED_LENGTH) return undefined;
      const opened = unseal(text, decrypt);
      if (!opened) return undefined;
      const { denial, counts, requestId } = opened;
      const deniedAt = new Date(opened.deniedAt);
      if (Math.abs(clock.now().getTime() - deniedAt.getTime()) > LIFETIME_MS) return undefined;
      // From a process of another version, during an update.
      if (!DENIAL_REASONS.includes(denial.reason)) return undefined;
      return { requestId, deniedAt, denial: { ...denial, counts: counts.map(withDate) } };
    },
  };
}

/** As it stands in the sealed text. */
interface Sealed {
  denial: Omit<Denial, 'counts'>;
  counts: (Omit<MeteredCount, 'key' | 'resetsAt'> & { resetsAt: string | null })[];
  requestId: string;
  /** Milliseconds since the epoch. */
  deniedAt: number;
}

function unseal(text: string, decrypt: MasterKey['decrypt']): Sealed | undefined {
  try {
    return JSON.parse(decrypt(Buffer.from(text, 'base64url'), PURPOSE).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Keys of counts hold ids of organizations, and no word of an answer needs them. */
const withoutKey = ({ key: _, ...count }: MeteredCount) => count;

const withDate = (count: Sealed['counts'][number]): MeteredCount => ({
  ...count,
  key: '',
  resetsAt: count.resetsAt === null ? null : new Date(count.resetsAt),
});
