import { recordingIf } from '../../audit/audit.store.ts';
import type { AuditEvent } from '../../audit/audit.ts';
import { type Admission, inTurn, type PartsFrom, type Use } from '../admission.ts';
import { type Settlement, settling } from '../sign-in-attempts.store.ts';

/** What there is to a sign-in by more than a password, or by something else. */
export interface StepRecord {
  readonly by: Admission['by'];
  readonly userId: string;
  /** All of them are used up, or none. */
  readonly uses: readonly Use[];
  readonly events: readonly AuditEvent[];
  readonly settlement: Settlement;
}

/**
 * The record of such a sign-in, which may be stored as long as the user is let in and everything it uses up
 * is there. The user's row is held before all else, as whoever disables the user, changes the password or
 * removes a passkey does: they go first, or wait.
 */
export function stepAdmission(record: StepRecord): Admission {
  const { by, userId, uses, events, settlement } = record;
  const held = uses.map((use, index) => use.held(nameOf(index + 1), nameOf(index)));
  const usedUp = uses.flatMap((use) => use.usedUp ?? []);
  const steps: PartsFrom[] = [
    (from) => ({
      parts: `${nameOf(0)} AS (
        SELECT 1 FROM users WHERE id = $${from} AND disabled_at IS NULL FOR SHARE)`,
      values: [userId],
    }),
    ...held,
    () => ({ parts: `admitted AS (SELECT FROM ${nameOf(uses.length)})`, values: [] }),
    ...usedUp,
    (from) => recordingIf('admitted', events, from),
    (from) => settling(settlement, from),
  ];
  return { by, within: (from) => inTurn(from, steps) };
}

/** Of the user's row, and of what is held after it. */
const nameOf = (index: number) => `held_${index}`;
