import type { Outcome } from './usage-recorder.ts';

/** What requests are told apart by. Empty text stands for what is not known. */
export interface RequestKind {
  /** Whole hours since the epoch. */
  readonly hour: number;
  readonly organizationId: string;
  readonly credentialKind: string;
  readonly credentialId: string;
  readonly method: string;
  /** The route's, as in the platform file. */
  readonly path: string;
  readonly outcome: Outcome;
}

export interface Tally extends RequestKind {
  requests: number;
}

export type Tallies = ReturnType<typeof createTallies>;

/**
 * Counts of requests that are alike. One is looked for at every decision of the gate: by texts that are
 * there already, so that none is put together and hashed each time.
 */
export function createTallies() {
  /** By credential, or organization where there is none, and path; the rest differs in few ways. */
  const known = new Map<string, Map<string, Tally[]>>();
  let size = 0;

  return {
    /** How many tallies there are. */
    get size() {
      return size;
    },

    find(kind: RequestKind): Tally | undefined {
      const alike = known.get(kind.credentialId || kind.organizationId)?.get(kind.path);
      return alike?.find((tally) => isOf(kind, tally));
    },

    /** Begins, at zero, one that isn't there yet. */
    begin(kind: RequestKind): Tally {
      const tally = { ...kind, requests: 0 };
      const holder = kind.credentialId || kind.organizationId;
      const paths = known.get(holder) ?? new Map<string, Tally[]>();
      known.set(holder, paths.set(kind.path, [...(paths.get(kind.path) ?? []), tally]));
      size += 1;
      return tally;
    },

    all: (): Tally[] => [...known.values()].flatMap((paths) => [...paths.values()].flat()),
  };
}

const isOf = (kind: RequestKind, tally: Tally) =>
  tally.outcome === kind.outcome &&
  tally.hour === kind.hour &&
  tally.method === kind.method &&
  tally.credentialKind === kind.credentialKind &&
  tally.credentialId === kind.credentialId &&
  tally.organizationId === kind.organizationId;
