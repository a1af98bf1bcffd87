import { buildApp, type Gatehouse } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createCleanup } from './database/cleanup.ts';
import { openDatabase } from './database/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded.ts';
import { migrate } from './database/migrate.ts';
import { createNotifications } from './database/notifications.ts';
import { type DemoAccess, demoText, prepareDemo } from './demo/demo.ts';
import { startupLog } from './doors/logging.ts';
import { systemClock } from './lib/clock.ts';
import { createSchedule } from './lib/schedule.ts';
import { loadPlatform } from './platform/load.ts';
import type { Platform } from './platform/platform.ts';

const log = startupLog();

try {
  const config = readConfig();
  const platform = await loadPlatform(config.platform);
  await run(config, platform);
} catch (error) {
  refuseToStart(error);
}

/** Starts everything in order; SIGTERM and SIGINT stop it in the opposite one. */
async function run(config: Config, platform: Platform): Promise<void> {
  const issuer = issuerOf(config, platform);
  const stops: (() => Promise<unknown>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.reverse()) await stop().catch((error) => log.error(error));
  };
  onSignal(stopAll);
  try {
    const embedded = await startDatabase(config);
    if (embedded) stops.push(() => embedded.stop());
    const connectionString = embedded?.connectionString ?? config.databaseUrl!;
    await migrate({ connectionString, log });
    const database = openDatabase({
      connectionString,
      maxConnections: config.databasePoolSize,
      log,
    });
    stops.push(() => database.close());
    const notifications = createNotifications({ connectionString, log });
    stops.push(() => notifications.close());

    const demo: { access: DemoAccess | undefined } = { access: undefined };
    const clock = systemClock;
    const gatehouse = await buildApp({
      ...{ config, issuer, platform, database, notifications, clock },
      demo: () => demo.access,
    });
    stops.push(() => gatehouse.app.close());
    const schedule = createSchedule({ log: gatehouse.app.log });
    schedule.every(60_000, 'signing keys', () => gatehouse.oauth.signingKeys.rotateIfDue());
    const cleanup = createCleanup({ database, clock, intervalMs: 60_000, log: gatehouse.app.log });
    cleanup.start();
    stops.push(async () => {
      await cleanup.stop();
      await schedule.stop();
    });

    demo.access = await demoFor(config, platform, issuer, gatehouse, embedded);
    await gatehouse.app.listen({ host: config.host, port: config.port });
    if (demo.access) process.stdout.write(demoText(demo.access, platform, issuer));
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function startDatabase(config: Config): Promise<EmbeddedPostgres | undefined> {
  if (config.databaseUrl) return undefined;
  return startEmbeddedPostgres({ dataDir: config.dataDir, log });
}

async function demoFor(
  config: Config,
  platform: Platform,
  issuer: string,
  gatehouse: Gatehouse,
  embedded: EmbeddedPostgres | undefined,
): Promise<DemoAccess | undefined> {
  if (!config.demo || !embedded) return undefined;
  const { dataDir } = config;
  return prepareDemo(gatehouse, { dataDir, platform, issuer, isEmptyDatabase: embedded.created });
}

/** What people type into a browser on this machine, when nobody said otherwise. */
function issuerOf(config: Config, platform: Platform): string {
  if (config.issuer) return config.issuer;
  if (config.production && platform.issuer) return platform.issuer;
  if (config.production) {
    throw new ConfigError([
      'ISSUER is required with NODE_ENV=production unless the platform file names it: the https origin that clients and browsers use, e.g. https://auth.example.com',
    ]);
  }
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
}

function onSignal(stopAll: () => Promise<void>): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping: finishing what is in flight');
    void stopAll().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** What an operator can mend is said plainly; anything else with its stack. */
function refuseToStart(error: unknown): never {
  const isPlain = error instanceof Error && PLAIN_ERRORS.has(error.name);
  const text = isPlain ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`\nGatehouse cannot start.\n\n${text}\n\n`);
  process.exit(1);
}

const PLAIN_ERRORS = new Set([
  'ConfigError',
  'PlatformFileError',
  'MigrationError',
  'EmbeddedPostgresError',
]);
