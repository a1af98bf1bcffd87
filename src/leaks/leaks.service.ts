import { verify } from 'node:crypto';
import type { AuditContext } from '../audit/audit.ts';
import { isWellFormedKey } from '../credentials/key-format.ts';
import type { Database } from '../database/database.ts';
import { networkOf } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { Platform } from '../platform/platform.ts';
import { revokeLeakedKey } from './leaked-keys.store.ts';
import { endLeakedPlaygroundKey } from './leaked-playground-keys.store.ts';
import type { ReporterKeys } from './reporter-keys.ts';

/** A text that looks like one of our keys, and where it was found. */
export interface LeakedToken {
  readonly token: string;
  readonly type: string;
  readonly url: string;
  readonly source: string;
}

export interface Verdict {
  readonly token: string;
  readonly type: string;
  /** `true_positive`: it is, or was, a key of ours. */
  readonly label: 'true_positive' | 'false_positive';
}

/** Reports from one network: enough for a reporter who sends each leak by itself. */
const REPORT_RATE = { limit: 120, windowSeconds: 60 };

export type LeakReports = ReturnType<typeof createLeakReports>;

/** What is done about keys that somebody found in public. */
export function createLeakReports(deps: {
  platform: Platform;
  database: Database;
  notifications: { caughtUp(): Promise<void> };
  masterKey: MasterKey;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  rates: CounterStore;
  reporterKeys: ReporterKeys;
}) {
  const { platform, database, notifications, masterKey, clock, log } = deps;
  const prefixes = platform.keyEnvironments.map(({ prefix }) => prefix);

  /** Whether it is a key of ours, of either kind, or was: then it has ended now. */
  async function end({ token, url, source }: LeakedToken, audit: AuditContext): Promise<boolean> {
    if (!prefixes.some((prefix) => isWellFormedKey(token, prefix))) return false;
    const about = [
      masterKey.hashSecret(token),
      clock.now(),
      { found_at: withoutSecret(url, token), source },
      audit,
    ] as const;
    return (
      (await revokeLeakedKey(database, ...about)) ||
      (await endLeakedPlaygroundKey(database, ...about))
    );
  }

  return {
    /** @returns seconds to wait, when this network has reported too often; else undefined */
    async throttled(address: string): Promise<number | undefined> {
      const now = clock.now();
      const charge = { key: `{leaks}leak_reports:${networkOf(address)}`, ...REPORT_RATE };
      const { admitted, counts } = await deps.rates.admit([charge], now);
      if (admitted) return undefined;
      const resetsAt = counts[0]?.resetsAt ?? now;
      return Math.max(1, Math.ceil((resetsAt.getTime() - now.getTime()) / 1000));
    },

    /**
     * Whether the reporter signed these bytes: ECDSA P-256 with SHA-256, DER in base64.
     *
     * @throws Error when the reporter's keys cannot be read now
     */
    async isSigned(body: Uint8Array, identifier: string, signature: string): Promise<boolean> {
      const key = await deps.reporterKeys.find(identifier);
      if (!key || !/^[A-Za-z0-9+/]{8,200}={0,2}$/.test(signature)) return false;
      return verify('sha256', body, key, Buffer.from(signature, 'base64'));
    },

    /** Revokes what still works. Reporting again changes nothing more. */
    async handle(tokens: readonly LeakedToken[], audit: AuditContext): Promise<Verdict[]> {
      const verdicts: Verdict[] = [];
      for (const leaked of tokens) {
        const { token, type } = leaked;
        const isOurs = await end(leaked, audit);
        verdicts.push({ token, type, label: isOurs ? 'true_positive' : 'false_positive' });
      }
      const found = verdicts.filter(({ label }) => label === 'true_positive').length;
      if (found > 0) log.warn({ found }, 'keys of ours were reported as found in public');
      await notifications.caughtUp();
      return verdicts;
    },
  };
}

/** The place may quote what was found there. */
const withoutSecret = (url: string, token: string) => url.replaceAll(token, '[key]');
