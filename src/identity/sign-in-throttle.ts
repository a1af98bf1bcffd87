import type { Executor } from '../database/executor.ts';
import { networkOf } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import { normaliseEmail } from '../lib/email.ts';
import type {
  Alongside,
  AttemptBudget,
  Settlement,
  TakenAttempt,
} from './sign-in-attempts.store.ts';
import {
  findAttempts,
  forgetAttempts,
  returnAttempt,
  settleAttempts,
  takeAttempt,
  takeTwoAttempts,
} from './sign-in-attempts.store.ts';

const QUARTER_HOUR_MS = 15 * 60_000;
const HOUR_MS = 60 * 60_000;

/** Leave to try once. */
export interface Reservation {
  allowed: true;
  /** Nothing was tried after all (the password queue was full): as if it had not been reserved. */
  withdrawn(): Promise<void>;
}

/** Leave to try a password once. */
export interface PasswordReservation<Row> extends Reservation {
  /** What was asked for alongside; every column is null where nothing was found. */
  row: Row;
  /** The password was right: forgets the account's failures, and this one attempt of the address. */
  succeeded(): Promise<void>;
  /** The same, for a statement that records the success. */
  settlement: Settlement;
}

export interface Refusal {
  allowed: false;
  /** Seconds until the window ends, at least 1. */
  retryAfterSeconds: number;
  /** The first refusal of its window. */
  firstRefusal: boolean;
}

/**
 * Counts attempts before the password is looked at, so that two hundred guesses sent at once are two
 * hundred attempts. Every road to a password check takes its leave here. Counts of past windows are
 * removed by the database's cleanup.
 */
export interface SignInThrottle {
  /**
   * @param account an e-mail address; one that nobody has is counted alike
   * @param address of the caller
   * @param alongside read in the same round trip
   */
  reserve<Row extends object>(
    attempt: { account: string; address: string },
    alongside?: Alongside<Row>,
  ): Promise<PasswordReservation<Row> | Refusal>;
  /** Sign-ups count by address alone; a success stays counted. */
  reserveSignUp(attempt: { address: string }): Promise<Reservation | Refusal>;
  /** What is counted of somebody just now, for the operator: tables hold keyed hashes. */
  look(whom: Throttled): Promise<ThrottleCount[]>;
  /** Forgets all that {@link look} counts, in the caller's transaction. */
  clear(executor: Executor, whom: Throttled): Promise<void>;
}

/** Accounts as {@link SignInThrottle.reserve} was given them, or an address of the network. */
export type Throttled = { accounts: readonly string[] } | { address: string };

export interface ThrottleCount {
  kind: 'account' | 'address' | 'sign_up';
  /** Refused ones stop being counted soon after the limit. */
  attempts: number;
  limit: number;
  windowEndsAt: Date;
}

export interface SignInThrottleOptions {
  executor: Executor;
  clock: Clock;
  /** Keyed, so that the table doesn't list who tries to sign in. */
  hashSecret: (value: string) => Buffer;
  /** Attempts per account in 15 minutes. Default 10. */
  perAccount?: number;
  /** Attempts per IPv4 address or IPv6 /64 in 15 minutes. Default 100. */
  perAddress?: number;
  /** Sign-ups per IPv4 address or IPv6 /64 in an hour. Default 20. */
  signUpsPerAddress?: number;
}

/**
 * The address is asked first: one that has used up its own attempts can't use up those of other people's
 * accounts.
 */
export function createSignInThrottle(options: SignInThrottleOptions): SignInThrottle {
  const { executor, clock, hashSecret } = options;
  const { perAccount = 10, perAddress = 100, signUpsPerAddress = 20 } = options;

  /** The window may have begun a moment after `now`, at the word of another process or request. */
  function refusal(taken: TakenAttempt, { windowMs }: AttemptBudget, now: Date): Refusal {
    const leftMs = Math.min(taken.windowEndsAt.getTime() - now.getTime(), windowMs);
    const retryAfterSeconds = Math.max(Math.ceil(leftMs / 1000), 1);
    return { allowed: false, retryAfterSeconds, firstRefusal: taken.firstRefusal };
  }

  /** All budgets that somebody draws on. */
  function budgetsOf(whom: Throttled): (AttemptBudget & { kind: ThrottleCount['kind'] })[] {
    if ('accounts' in whom) {
      return whom.accounts.map((account) => ({
        ...budget(accountKey(account, hashSecret), perAccount, QUARTER_HOUR_MS),
        kind: 'account',
      }));
    }
    const network = networkOf(whom.address);
    return [
      { ...budget(`address:${network}`, perAddress, QUARTER_HOUR_MS), kind: 'address' },
      { ...budget(`sign-up:${network}`, signUpsPerAddress, HOUR_MS), kind: 'sign_up' },
    ];
  }

  return {
    async look(whom) {
      const budgets = budgetsOf(whom);
      const keys = budgets.map(({ key }) => key);
      const counted = await findAttempts(executor, keys, clock.now());
      return budgets.flatMap(({ key, kind, limit }) => {
        const count = counted.get(key);
        return count ? [{ kind, limit, ...count }] : [];
      });
    },
    clear: (tx, whom) =>
      forgetAttempts(
        tx,
        budgetsOf(whom).map(({ key }) => key),
      ),
    async reserve<Row extends object>(
      { account, address }: { account: string; address: string },
      alongside?: Alongside<Row>,
    ): Promise<PasswordReservation<Row> | Refusal> {
      const network = budget(`address:${networkOf(address)}`, perAddress, QUARTER_HOUR_MS);
      const person = budget(accountKey(account, hashSecret), perAccount, QUARTER_HOUR_MS);
      const now = clock.now();
      const taken = await takeTwoAttempts(executor, network, person, now, alongside);
      const { first: byAddress, second: byAccount } = taken;
      if (!byAddress.admitted || !byAccount) return refusal(byAddress, network, now);
      if (!byAccount.admitted) return refusal(byAccount, person, now);
      const settlement = {
        forgotten: { key: person.key, windowEndsAt: byAccount.windowEndsAt },
        returned: { budget: network, windowEndsAt: byAddress.windowEndsAt },
      };
      return {
        allowed: true,
        row: taken.row,
        settlement,
        succeeded: () => settleAttempts(executor, settlement),
        async withdrawn() {
          await returnAttempt(executor, network, byAddress.windowEndsAt);
          await returnAttempt(executor, person, byAccount.windowEndsAt);
        },
      };
    },
    async reserveSignUp({ address }) {
      const network = budget(`sign-up:${networkOf(address)}`, signUpsPerAddress, HOUR_MS);
      const now = clock.now();
      const taken = await takeAttempt(executor, network, now);
      if (!taken.admitted) return refusal(taken, network, now);
      return {
        allowed: true,
        withdrawn: () => returnAttempt(executor, network, taken.windowEndsAt),
      };
    },
  };
}

function budget(key: string, limit: number, windowMs: number): AttemptBudget {
  return { key, limit, windowMs };
}

function accountKey(account: string, hashSecret: (value: string) => Buffer): string {
  return `account:${hashSecret(`sign-in:${normaliseEmail(account)}`).toString('base64url')}`;
}
