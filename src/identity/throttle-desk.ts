import { isIP } from 'node:net';
import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import { networkOf } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { isEmail, normaliseEmail } from '../lib/email.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { secondStepAccount } from './second-factor/second-step.ts';
import type { Refused, SignInThrottle, ThrottleCount, Throttled } from './sign-in-throttle.ts';
import type { UserStore } from './users.store.ts';

export interface ThrottleDesk {
  /** @returns undefined for what is neither an e-mail address nor one of the network */
  look(who: string): Promise<ThrottleCount[] | undefined>;
  /** @returns false for what is neither */
  clear(who: string, context: AuditContext): Promise<boolean>;
  /**
   * Who has to wait at this moment.
   *
   * @throws InvalidCursorError
   */
  list(request: PageRequest): Promise<Page<Refused>>;
  /** One of them; undefined once it has ended. */
  find(id: string): Promise<Refused | undefined>;
  /** @returns false for one that has ended, or that somebody else has lifted */
  lift(id: string, context: AuditContext): Promise<boolean>;
}

/**
 * The operator asks who has to wait, or what is counted of somebody, and forgets it. The counts' keys say
 * nothing: whoever asks for an account has to know its address.
 */
export function createThrottleDesk(deps: {
  database: Database;
  clock: Clock;
  throttle: SignInThrottle;
  users: Pick<UserStore, 'findByEmail'>;
}): ThrottleDesk {
  const { database, clock, throttle, users } = deps;

  async function read(who: string): Promise<{ whom: Throttled; userId?: string } | undefined> {
    const text = who.trim();
    if (isIP(text)) return { whom: { address: text } };
    if (!isEmail(normaliseEmail(text))) return undefined;
    const user = await users.findByEmail(text);
    // An address that nobody has is counted alike.
    if (!user) return { whom: { accounts: [text] } };
    return { whom: { accounts: [text, secondStepAccount(user.id)] }, userId: user.id };
  }

  return {
    async look(who) {
      const found = await read(who);
      return found && throttle.look(found.whom);
    },
    async clear(who, context) {
      const found = await read(who);
      if (!found) return false;
      const { whom, userId } = found;
      await database.transaction(async (tx) => {
        await throttle.clear(tx, whom);
        await recordAuditEvent(tx, {
          ...context,
          type: 'throttle.cleared',
          ...(userId === undefined ? {} : { target: { kind: 'user', id: userId } }),
          details: 'address' in whom ? { network: networkOf(whom.address) } : {},
          occurredAt: clock.now(),
        });
      });
      return true;
    },
    list: throttle.listRefused,
    find: async (id) => (looksLikeId(id) ? throttle.findRefused(id) : undefined),
    async lift(id, context) {
      const refused = looksLikeId(id) ? await throttle.findRefused(id) : undefined;
      if (!refused) return false;
      const { kind, whom } = refused;
      const name = kind === 'account' ? 'account' : 'network';
      return database.transaction(async (tx) => {
        if (!(await throttle.lift(tx, id))) return false;
        await recordAuditEvent(tx, {
          ...context,
          type: 'throttle.cleared',
          details: whom === undefined ? {} : { [name]: whom },
          occurredAt: clock.now(),
        });
        return true;
      });
    },
  };
}
