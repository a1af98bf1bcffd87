import type { Executor } from '../database/executor.ts';
import { networkOf } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import { type Page, type PageRequest, pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { isEmail, normaliseEmail } from '../lib/email.ts';
import { firstIdOf, newId } from '../lib/ids.ts';
import { maskedEmail } from '../lib/masked-email.ts';
import type {
  Alongside,
  AttemptBudget,
  RefusingWindow,
  Settlement,
  TakenAttempt,
} from './sign-in-attempts.store.ts';
import {
  findAttempts,
  findRefusal,
  forgetAttempts,
  liftRefusal,
  listRefusals,
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
   * @param email whose account it is, where it goes by another name than that
   * @param address of the caller
   * @param alongside read in the same round trip
   */
  reserve<Row extends object>(
    attempt: { account: string; email?: string; address: string },
    alongside?: Alongside<Row>,
  ): Promise<PasswordReservation<Row> | Refusal>;
  /** Sign-ups count by address alone; a success stays counted. */
  reserveSignUp(attempt: { address: string }): Promise<Reservation | Refusal>;
  /** What is counted of somebody just now, for the operator: tables hold keyed hashes. */
  look(whom: Throttled): Promise<ThrottleCount[]>;
  /** Forgets all that {@link look} counts, in the caller's transaction. */
  clear(executor: Executor, whom: Throttled): Promise<void>;
  /**
   * Whoever has been refused and would be at this moment, the latest first.
   *
   * @throws InvalidCursorError
   */
  listRefused(request: PageRequest): Promise<Page<Refused>>;
  /** One of them; undefined once it has ended. */
  findRefused(id: string): Promise<Refused | undefined>;
  /**
   * Forgets its attempts, in the caller's transaction.
   *
   * @returns false: somebody has done so already
   */
  lift(executor: Executor, id: string): Promise<boolean>;
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

/** An account or a network that has to wait. */
export interface Refused extends ThrottleCount {
  /** Of this window; the next one under the same key has another. */
  id: string;
  /**
   * The masked e-mail address of an account, there or not, or the network. Absent: what was tried goes by
   * no such name: a passkey, or something typed in the place of an address.
   */
  whom?: string;
  windowBeganAt: Date;
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

  const listing = createListing({
    executor,
    clock,
    budgets: {
      account: { kind: 'account', limit: perAccount, windowMs: QUARTER_HOUR_MS },
      address: { kind: 'address', limit: perAddress, windowMs: QUARTER_HOUR_MS },
      'sign-up': { kind: 'sign_up', limit: signUpsPerAddress, windowMs: HOUR_MS },
    },
  });

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
    ...listing,
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
      { account, email = account, address }: { account: string; email?: string; address: string },
      alongside?: Alongside<Row>,
    ): Promise<PasswordReservation<Row> | Refusal> {
      const now = clock.now();
      const refusal = { id: newId(now), maskedEmail: null };
      const network = {
        ...budget(`address:${networkOf(address)}`, perAddress, QUARTER_HOUR_MS),
        refusal,
      };
      const person = {
        ...budget(accountKey(account, hashSecret), perAccount, QUARTER_HOUR_MS),
        refusal: { ...refusal, maskedEmail: maskOf(email) },
      };
      const taken = await takeTwoAttempts(executor, network, person, now, alongside);
      const { first: byAddress, second: byAccount } = taken;
      if (!byAddress.admitted || !byAccount) return refuse(byAddress, network, now);
      if (!byAccount.admitted) return refuse(byAccount, person, now);
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
      const now = clock.now();
      const network = {
        ...budget(`sign-up:${networkOf(address)}`, signUpsPerAddress, HOUR_MS),
        refusal: { id: newId(now), maskedEmail: null },
      };
      const taken = await takeAttempt(executor, network, now);
      if (!taken.admitted) return refuse(taken, network, now);
      return {
        allowed: true,
        withdrawn: () => returnAttempt(executor, network, taken.windowEndsAt),
      };
    },
  };
}

/** The window may have begun a moment after `now`, at the word of another process or request. */
function refuse(
  { windowEndsAt, firstRefusal }: TakenAttempt,
  { windowMs }: AttemptBudget,
  now: Date,
): Refusal {
  const leftMs = Math.min(windowEndsAt.getTime() - now.getTime(), windowMs);
  return {
    ...{ allowed: false, retryAfterSeconds: Math.max(Math.ceil(leftMs / 1000), 1) },
    firstRefusal,
  };
}

const LIST = 'refused-sign-ins';

/** Windows by the first word of their keys. */
type Budgets = Readonly<
  Record<string, { kind: ThrottleCount['kind']; limit: number; windowMs: number }>
>;

function createListing(deps: {
  executor: Executor;
  clock: Clock;
  budgets: Budgets;
}): Pick<SignInThrottle, 'listRefused' | 'findRefused' | 'lift'> {
  const { executor, clock, budgets } = deps;
  const limits = Object.fromEntries(
    Object.entries(budgets).map(([word, { limit }]) => [word, limit]),
  );

  function toRefused({ id, kind: word, counted, ...row }: RefusingWindow): Refused {
    const { kind, limit, windowMs } = budgets[word]!;
    const whom = kind === 'account' ? row.maskedEmail : counted;
    const { attempts, windowEndsAt } = row;
    const windowBeganAt = new Date(windowEndsAt.getTime() - windowMs);
    return {
      ...{ id, kind, limit, attempts, windowBeganAt, windowEndsAt },
      ...(whom === null ? {} : { whom }),
    };
  }

  return {
    async listRefused({ cursor, limit }) {
      const before = readCursor(LIST, cursor);
      const size = pageSize(limit);
      const now = clock.now();
      // No window is longer than an hour; the other one is for clocks that differ.
      const from = firstIdOf(new Date(now.getTime() - 2 * HOUR_MS));
      const page = { before, size: size + 1 };
      const rows = await listRefusals(executor, { limits, now, from }, page);
      return pageOf(LIST, rows.map(toRefused), size, ({ id }) => id);
    },
    async findRefused(id) {
      const row = await findRefusal(executor, { limits, now: clock.now() }, id);
      return row && toRefused(row);
    },
    lift: liftRefusal,
  };
}

/** People type their password into that field: what is no address is not kept. */
function maskOf(account: string): string | null {
  const email = normaliseEmail(account);
  return isEmail(email) ? maskedEmail(email) : null;
}

function budget(key: string, limit: number, windowMs: number): AttemptBudget {
  return { key, limit, windowMs };
}

function accountKey(account: string, hashSecret: (value: string) => Buffer): string {
  return `account:${hashSecret(`sign-in:${normaliseEmail(account)}`).toString('base64url')}`;
}
