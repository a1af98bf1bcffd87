import { createHmac } from 'node:crypto';
import type { Test } from 'tap';
import type { AuditContext } from '../../src/audit/audit.ts';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createIdentityService } from '../../src/identity/identity.service.ts';
import type { Passwords } from '../../src/identity/passwords.ts';
import { createPasswords } from '../../src/identity/passwords.ts';
import type { ConsentEnd, RevocationPort } from '../../src/identity/revocation-port.ts';
import type { SignInThrottleOptions } from '../../src/identity/sign-in-throttle.ts';
import { createSignInThrottle } from '../../src/identity/sign-in-throttle.ts';
import { createTestDatabase } from '../support/postgres.ts';

export const OPERATOR: AuditContext = { actor: { kind: 'admin' }, requestId: 'req-1' };
export const GOOD_PASSWORD = 'seven wet otters sing';

/** A clock that stands still until it is told otherwise. */
export function stoppedClock(start = Date.parse('2026-11-21T12:00:00Z')) {
  let time = start;
  return {
    now: () => new Date(time),
    advance(seconds: number) {
      time += seconds * 1000;
    },
  };
}

export const hashSecret = (value: string): Buffer =>
  createHmac('sha256', 'test').update(value).digest();

/** A revocation port that writes down what it is asked for, until it is broken. */
function recordingRevocations() {
  const denied: string[][] = [];
  const ended: ConsentEnd[] = [];
  let broken = false;
  const write = async <Entry>(record: Entry[], entry: Entry) => {
    if (broken) throw new Error('the denylist is out of order');
    record.push(entry);
  };
  const deny = (...mark: string[]) => write(denied, mark);
  const port: RevocationPort = {
    denySubject: (_executor, userId) => deny('subject', userId),
    denyMembership: (_executor, userId, organizationId) =>
      deny('membership', userId, organizationId),
    denyOrganization: (_executor, organizationId) => deny('organization', organizationId),
    endConsents: (_executor, end) => write(ended, end),
  };
  return {
    port,
    denied,
    ended,
    break() {
      broken = true;
    },
    mend() {
      broken = false;
    },
  };
}

/** The identity room on a database of its own, with a stopped clock and a record of what it asks for. */
export async function openHouse(
  t: Pick<Test, 'teardown'>,
  overrides: { throttle?: Partial<SignInThrottleOptions>; passwords?: Passwords } = {},
) {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  const clock = stoppedClock();
  const verified: (string | null)[] = [];
  const real = overrides.passwords ?? createPasswords({ maxQueue: 500 });
  const passwords: Passwords = {
    ...real,
    verify(hash, password, signal) {
      verified.push(hash);
      return real.verify(hash, password, signal);
    },
  };
  const revocations = recordingRevocations();
  const executor = database.pool;
  const options = { executor, clock, hashSecret, ...overrides.throttle };
  const throttle = createSignInThrottle(options);
  const log = silentLog;
  const platformName = 'Kaie';
  const identity = createIdentityService({
    database,
    clock,
    passwords,
    throttle,
    revocations: revocations.port,
    log,
    hashSecret,
    platformName,
    defaultPlan: 'default',
  });
  return {
    database,
    clock,
    passwords,
    throttle,
    identity,
    /** The hash of every verification asked for. */
    verified,
    /** Every call of the revocation port that ends what was issued. */
    denied: revocations.denied,
    /** Every call of it that ends consents. */
    ended: revocations.ended,
    breakRevocations: revocations.break,
    mendRevocations: revocations.mend,
    /** The types of all audit events, oldest first. */
    async audited(): Promise<string[]> {
      const { rows } = await executor.query<{ type: string }>(
        'SELECT type FROM audit_events ORDER BY id',
      );
      return rows.map(({ type }) => type);
    },
    async addUser(name: string, password: string | null = null) {
      const passwordHash = password === null ? null : await passwords.hash(password);
      const email = `${name.toLowerCase()}@example.com`;
      return identity.users.create({ email, name, passwordHash }, OPERATOR);
    },
    addOrganization: (name: string) => identity.organizations.create({ name }, OPERATOR),
  };
}
