/**
 * The record of a sign-in that was right, not stored yet. Whoever begins something on the strength of it
 * stores the record in the same statement: neither is there without the other, and nothing begins when the
 * user was disabled, or what they proved themselves by is good no more: the password was changed, the
 * passkey removed, the code used.
 */
export interface Admission {
  /** By what it is. Two by the same have the same SQL: statements are prepared under this name. */
  readonly by: 'password' | 'passkey' | 'password_and_passkey' | 'password_and_recovery_code';
  /**
   * Parts of a WITH. The one called `admitted` has a row if the sign-in stands, and gives leave to what
   * begins; the others happen if it does.
   *
   * @param from number of the first parameter
   */
  within(from: number): Parts;
}

/** Parts of a WITH, and the values of their parameters. */
export interface Parts {
  readonly parts: string;
  readonly values: unknown[];
}

/** Parts whose parameters begin at that number. */
export type PartsFrom = (from: number) => Parts;

/** Parts after one another. */
export function inTurn(from: number, each: readonly PartsFrom[]): Parts {
  const values: unknown[] = [];
  const parts = each.map((one) => {
    const next = one(from + values.length);
    values.push(...next.values);
    return next.parts;
  });
  return { parts: parts.join(', '), values };
}

/** Something that a sign-in uses up: held until it is decided, then used up if it was admitted. */
export interface Use {
  /**
   * A part called `name`, which has a row if this can be used and `after` has one. Whoever comes with the
   * same at the same time waits here, and then finds it used.
   */
  held(name: string, after: string): PartsFrom;
  /** Uses it up if `admitted` has a row. Absent where holding does so: such a use is the last. */
  readonly usedUp?: PartsFrom;
}

/** Begins a session, or whatever a sign-in is for. @returns whether the admission stood; else nothing began */
export type Entrance<Entrant> = (entrant: Entrant, admission?: Admission) => Promise<boolean>;
