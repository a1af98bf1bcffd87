import { randomBytes } from 'node:crypto';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
  type TestClient,
  type TestUser,
} from './gatehouse.ts';
import { createTestDatabase } from './postgres.ts';

type Test = { teardown(work: () => Promise<void>): unknown };

/** A database with something to do in it, for processes that have no way in but HTTP. */
export interface Furnished {
  connectionString: string;
  /** What processes on this database are started with. */
  environment: Record<string, string>;
  app: TestClient;
  /** All apps, `app` the first of them. */
  apps: TestClient[];
  service: TestClient;
  user: TestUser;
  /** All users, `user` the first of them. */
  users: TestUser[];
}

/**
 * Puts apps, a service and users into a database.
 *
 * @param options.connectionString default: a database of its own on the shared test server
 * @param options.apps how many; default 1
 * @param options.masterKey base64; default: a new one
 */
export async function furnish(
  t: Test,
  options: { connectionString?: string; masterKey?: string; apps?: number; users?: number } = {},
): Promise<Furnished> {
  const connectionString =
    options.connectionString ?? (await createTestDatabase(t)).connectionString;
  const masterKey = options.masterKey ?? randomBytes(32).toString('base64');
  const gatehouse = await startGatehouse(t, {
    connectionString,
    masterKey: Buffer.from(masterKey, 'base64'),
  });
  const apps = await Promise.all(
    Array.from({ length: options.apps ?? 1 }, () => registerClient(gatehouse)),
  );
  const service = await registerService(gatehouse);
  const users = await Promise.all(
    Array.from({ length: options.users ?? 1 }, () => createUser(gatehouse)),
  );
  await gatehouse.stop();
  const environment = { DATABASE_URL: connectionString, MASTER_KEY: masterKey };
  return { connectionString, environment, app: apps[0]!, apps, service, user: users[0]!, users };
}
