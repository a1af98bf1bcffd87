import { isIP } from 'node:net';
import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import { networkOf } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import { isEmail, normaliseEmail } from '../lib/email.ts';
import { secondStepAccount } from './second-factor/second-step.ts';
import type { SignInThrottle, ThrottleCount, Throttled } from './sign-in-throttle.ts';
import type { UserStore } from './users.store.ts';

export interface ThrottleDesk {
  /** @returns undefined for what is neither an e-mail address nor one of the network */
  look(who: string): Promise<ThrottleCount[] | undefined>;
  /** @returns false for what is neither */
  clear(who: string, context: AuditContext): Promise<boolean>;
}

/** The operator asks what is counted of somebody, and forgets it: the counts' keys say nothing. */
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
  };
}
