/**
 * The record of a password that was right, not stored yet. Whoever begins something on the strength of it
 * stores the record in the same statement: neither is there without the other, and nothing begins when the
 * user was disabled or changed the password since it was read.
 */
export interface Admission {
  /**
   * Parts of a WITH. The one called `admitted` has a row if the sign-in stands, and gives leave to what
   * begins; the others happen if it does.
   *
   * @param from number of the first parameter
   */
  within(from: number): { readonly parts: string; readonly values: unknown[] };
}

/** Begins a session, or whatever a sign-in is for. @returns whether the admission stood; else nothing began */
export type Entrance<Entrant> = (entrant: Entrant, admission?: Admission) => Promise<boolean>;
