import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { buildApp, type Gatehouse } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createNotifications, type Notifications } from '../../src/database/notifications.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { ClientInput } from '../../src/oauth/clients/clients.service.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createTestDatabase } from './postgres.ts';

export interface TestGatehouse extends Gatehouse {
  issuer: string;
  /** Where it listens; the issuer too, unless a test gives it another. */
  address: string;
  platform: Platform;
  config: Config;
  database: Database;
  notifications: Notifications;
  connectionString: string;
  adminKey: string;
  /** Every line the server logged, as JSON text. */
  logLines: string[];
  stop(): Promise<void>;
}

export interface TestGatehouseOptions {
  /** Default `example`. */
  platform?: string | Platform;
  clock?: Clock;
  /** To share one database between two servers, as two processes do. */
  connectionString?: string;
  /** Another way to the same database for change notifications, to cut. */
  listenerConnectionString?: string;
  masterKey?: Buffer;
  environment?: Record<string, string>;
  /** Another origin than the address it listens on, e.g. https behind a proxy. */
  issuer?: string;
}

const MASTER_KEY = randomBytes(32);

type Test = { teardown(work: () => Promise<void>): unknown };

/** A whole server on a free port of this machine, on a database of its own. */
export async function startGatehouse(
  t: Test,
  options: TestGatehouseOptions = {},
): Promise<TestGatehouse> {
  const connectionString =
    options.connectionString ?? (await createTestDatabase(t)).connectionString;
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const issuer = options.issuer ?? address;
  const adminKey = `admin_${randomBytes(24).toString('base64url')}`;
  const config = readConfig({
    PORT: String(port),
    MASTER_KEY: (options.masterKey ?? MASTER_KEY).toString('base64'),
    ADMIN_KEY: adminKey,
    DATABASE_URL: connectionString,
    LOG_LEVEL: 'debug',
    ...options.environment,
  });
  const named = options.platform ?? 'example';
  const platform = typeof named === 'string' ? await loadPlatform(named) : named;
  const database = openDatabase({ connectionString, maxConnections: 8, log: silentLog });
  const notifications = createNotifications({
    connectionString: options.listenerConnectionString ?? connectionString,
    log: silentLog,
  });
  const logLines: string[] = [];
  const gatehouse = await buildApp({
    ...{ config, issuer, platform, database, notifications },
    clock: options.clock ?? systemClock,
    logStream: { write: (line) => void logLines.push(line) },
  }).catch(async (error: unknown) => {
    await notifications.close();
    await database.close();
    throw error;
  });
  await gatehouse.app.listen({ host: '127.0.0.1', port });

  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await gatehouse.app.close();
    await notifications.close();
    await database.close();
  };
  t.teardown(stop);
  return {
    ...gatehouse,
    ...{
      issuer,
      address,
      platform,
      config,
      database,
      notifications,
      connectionString,
      adminKey,
      logLines,
      stop,
    },
  };
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const SYSTEM = { actor: { kind: 'system' } } as const;

/** An address where no app listens: where the tests' apps live. */
export const CALLBACK = 'https://app.example.com/callback';

export interface TestClient {
  clientId: string;
  secret: string;
  redirectUri: string;
}

/** Registers a client; by default a confidential web app with every scope of the platform. */
export async function registerClient(
  gatehouse: Pick<TestGatehouse, 'oauth' | 'platform'>,
  input: Partial<ClientInput> = {},
): Promise<TestClient> {
  const outcome = await gatehouse.oauth.clientService.create(
    {
      name: 'Example App',
      redirectUris: [CALLBACK],
      grantTypes: ['authorization_code', 'refresh_token'],
      scopes: gatehouse.platform.scopes.map((scope) => scope.name),
      ...input,
    },
    SYSTEM,
  );
  if (outcome.outcome !== 'created') throw new Error(JSON.stringify(outcome.problems));
  return {
    clientId: outcome.client.id,
    secret: outcome.secret ?? '',
    redirectUri: outcome.client.redirectUris[0] ?? '',
  };
}

/** Registers a client that acts for itself. */
export const registerService = (
  gatehouse: Pick<TestGatehouse, 'oauth' | 'platform'>,
  input: Partial<ClientInput> = {},
) =>
  registerClient(gatehouse, {
    name: 'Example Service',
    redirectUris: [],
    grantTypes: ['client_credentials'],
    ...input,
  });

export interface TestUser {
  id: string;
  email: string;
  password: string;
  organizationId: string;
}

let people = 0;

/** A user who owns an organization. */
export async function createUser(
  { identity }: Pick<TestGatehouse, 'identity'>,
  more: { name?: string; email?: string; organizationName?: string } = {},
): Promise<TestUser> {
  people += 1;
  const email = more.email ?? `person-${process.pid}-${people}@example.com`;
  const password = `correct horse ${randomBytes(6).toString('hex')}`;
  const organization = await identity.organizations.create(
    { name: more.organizationName ?? `Organization ${people}` },
    SYSTEM,
  );
  const outcome = await identity.createUser(
    {
      ...{ email, password, name: more.name ?? 'Ada Example' },
      ...{ organizationId: organization.id, role: 'owner' },
    },
    SYSTEM,
  );
  if (outcome.outcome !== 'created') throw new Error(outcome.outcome);
  return { id: outcome.user.id, email, password, organizationId: organization.id };
}

/** A user in an organization that somebody else owns. */
export async function createMember(
  { identity }: Pick<TestGatehouse, 'identity'>,
  organizationId: string,
  role: 'admin' | 'member' = 'member',
): Promise<TestUser> {
  const login = { email: `${randomUUID()}@example.com`, password: 'correct horse battery' };
  const input = { ...login, name: 'Colleague', organizationId, role };
  const outcome = await identity.createUser(input, SYSTEM);
  if (outcome.outcome !== 'created') throw new Error(outcome.outcome);
  return { ...login, id: outcome.user.id, organizationId };
}
