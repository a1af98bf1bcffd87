import type { Gatehouse } from './app.ts';
import { createCleanup } from './database/cleanup.ts';
import type { Database } from './database/database.ts';
import type { Clock } from './lib/clock.ts';
import { createSchedule } from './lib/schedule.ts';
import type { Stop } from './lifecycle.ts';
import { endGrantsOfDisabledClients } from './oauth/grants/disabled-clients.store.ts';
import type { Platform } from './platform/platform.ts';

/** Milliseconds from one run of a job to the next. */
const INTERVALS_MS = {
  signingKeys: 60_000,
  lastUses: 10_000,
  sessionUses: 60_000,
  usage: 5_000,
  cleanup: 60_000,
};

export interface BackgroundOptions {
  gatehouse: Pick<Gatehouse, 'app' | 'oauth' | 'credentials' | 'usage' | 'webhooks'>;
  platform: Platform;
  database: Pick<Database, 'transaction'>;
  clock: Clock;
  /** In milliseconds; default between five seconds and a minute */
  intervalsMs?: typeof INTERVALS_MS;
}

/**
 * Starts what a process does without being asked. Every process does all of it: what must happen once for
 * all of them is settled in the database.
 *
 * @returns ends it, and waits for what is running
 */
export function startBackground(options: BackgroundOptions): Stop {
  const { gatehouse, platform, database, clock, intervalsMs = INTERVALS_MS } = options;
  const { oauth, credentials, usage, webhooks } = gatehouse;
  const { log } = gatehouse.app;
  const schedule = createSchedule({ log });
  schedule.every(intervalsMs.signingKeys, 'signing keys', () => oauth.signingKeys.rotateIfDue());
  schedule.every(intervalsMs.lastUses, 'last uses', () => credentials.lastUses.flush());
  schedule.every(intervalsMs.sessionUses, 'sessions seen', () => oauth.sessionUses.flush());
  schedule.every(intervalsMs.usage, 'usage', () => usage.flush());
  const { worker, giveUpExpired } = webhooks;
  const cleanup = createCleanup({
    ...{ database, clock, intervalMs: intervalsMs.cleanup, log },
    endings: [giveUpExpired, endGrantsOfDisabledClients],
  });
  cleanup.start();
  if (platform.webhooks.enabled) worker.start();
  return async (late) => {
    await Promise.all([worker.stop(late), cleanup.stop(), schedule.stop()]);
  };
}
