import { buildApp, type Gatehouse } from './app.ts';
import { startBackground } from './background.ts';
import { type Config, ownEnvironment, readConfig, readPlatformName } from './config.ts';
import { openDatabase } from './database/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded.ts';
import { migrate } from './database/migrate.ts';
import { createNotifications } from './database/notifications.ts';
import { type DemoAccess, demoText, prepareDemo } from './demo/demo.ts';
import { startText } from './demo/start-text.ts';
import { createLogOutput } from './doors/log-output.ts';
import { startupLog } from './doors/logging.ts';
import { prepareDrain } from './drain.ts';
import { systemClock } from './lib/clock.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { loadPlatform } from './platform/load.ts';
import type { Platform } from './platform/platform.ts';
import { refusalText } from './refusal.ts';

/** What each part may take to stop: nine seconds together, in the order in which they do. */
const STOP_MS = {
  background: 1_000,
  requests: 4_500,
  usage: 500,
  notifications: 500,
  database: 500,
  /** It was told to by then, and finishes by itself if it takes longer. */
  embedded: 2_000,
};

const output = createLogOutput();
const log = startupLog(output);
const exit = (code: number) => void output.settle().then(() => process.exit(code));
const lifecycle = createLifecycle({ log, exit });

process.on('SIGTERM', lifecycle.stopOn);
process.on('SIGINT', lifecycle.stopOn);
try {
  const { config, platform } = await readSettings();
  log.level = config.logLevel;
  await lifecycle.start(() => run(config, platform, lifecycle));
} catch (error) {
  process.stderr.write(`\nGatehouse cannot start.\n\n${refusalText(error)}\n\n`);
  process.exit(1);
}

/** @throws AggregateError when both the platform file and the environment are wrong: all is said at once */
async function readSettings(): Promise<{ config: Config; platform: Platform }> {
  const [platform] = await Promise.allSettled([loadPlatform(readPlatformName())]);
  const known = platform.status === 'fulfilled' ? platform.value : undefined;
  try {
    const config = readConfig(ownEnvironment, known);
    if (platform.status === 'rejected') throw platform.reason;
    return { config, platform: platform.value };
  } catch (error) {
    if (platform.status === 'fulfilled' || error === platform.reason) throw error;
    throw new AggregateError([error, platform.reason]);
  }
}

/** Starts everything in order; the lifecycle stops it in the opposite one. */
async function run(config: Config, platform: Platform, { onStop, step }: Lifecycle): Promise<void> {
  const issuer = issuerOf(config, platform);
  const embedded = await startDatabase(config);
  if (embedded) onStop(STOP_MS.embedded, () => embedded.stop());
  const connectionString = embedded?.localConnectionString ?? config.databaseUrl!;
  await step(migrate({ connectionString, log }));
  const database = openDatabase({
    connectionString,
    maxConnections: config.databasePoolSize,
    log,
  });
  onStop(STOP_MS.database, () => database.close());
  const notifications = createNotifications({ connectionString, log });
  onStop(STOP_MS.notifications, () => notifications.close());

  const demo: { access: DemoAccess | undefined } = { access: undefined };
  const clock = systemClock;
  const gatehouse = await step(
    buildApp({
      ...{ config, issuer, platform, database, notifications, clock, logStream: output },
      demo: () => demo.access,
    }),
  );
  onStop(STOP_MS.usage, gatehouse.usage.settle);
  onStop(STOP_MS.requests, prepareDrain(gatehouse.app));
  onStop(STOP_MS.background, startBackground({ gatehouse, platform, database, clock }));

  demo.access = await step(demoFor(config, platform, issuer, gatehouse, embedded));
  await gatehouse.app.listen({ host: config.host, port: config.port });
  // There its output is read by programs.
  if (config.production) return;
  const isProxy = Boolean(config.upstream ?? platform.upstream.url);
  // What is there to be pasted comes after the log lines of the start, which gather for a moment.
  output.write(
    demo.access
      ? demoText(demo.access, platform, { issuer, isProxy })
      : startText(config, platform, issuer),
  );
  await step(output.settle());
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
  return prepareDemo(gatehouse, { dataDir, platform, issuer });
}

/** What people type into a browser on this machine, when nobody said otherwise. */
function issuerOf(config: Config, platform: Platform): string {
  if (config.issuer) return config.issuer;
  if (config.production && platform.issuer) return platform.issuer;
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
}
