import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { introspect, refresh, revoke, token, userinfo } from '../support/flows.ts';
import { furnish } from '../support/furnished.ts';
import { freePort, type TestGatehouse } from '../support/gatehouse.ts';
import {
  expectInstalledPostgres,
  type InstalledPostgres,
  startInstalledPostgres,
} from '../support/installed-postgres.ts';
import { withClient } from '../support/postgres-server.ts';
import { type GatehouseProcess, newDataDir, spawnGatehouse } from '../support/process.ts';
import { createSignedIn } from '../support/signed-in.ts';

// The whole life of a server on a Postgres that somebody else runs: Debian's, in its own version.

const REFUSED = { status: 400, body: { error: 'invalid_grant' } };

const installed = expectInstalledPostgres(t);
if (installed) {
  t.test(`a server on Postgres ${installed} of the system`, (t) => onPostgresOf(t, installed));
}

async function onPostgresOf(t: Test, version: string): Promise<void> {
  const postgres = await startInstalledPostgres(t, version);
  const dataDir = await newDataDir(t);
  const masterKey = randomBytes(32).toString('base64');
  const environment = {
    ...{ DATA_DIR: dataDir, DATABASE_URL: postgres.connectionString },
    ...{ MASTER_KEY: masterKey, PORT: String(await freePort()) },
  };
  const start = () => spawnGatehouse(t, { environment });
  const first = await start();

  await t.test('an empty database is migrated, and nothing embedded is started', async (t) => {
    await withClient(postgres.connectionString, async (client) => {
      const { rows } = await client.query('SHOW server_version_num');
      t.equal(Math.floor(rows[0].server_version_num / 10_000), Number(version));
      const found = await client.query(`SELECT to_regclass('refresh_tokens') AS there`);
      t.equal(found.rows[0].there, 'refresh_tokens');
    });
    t.notOk(existsSync(join(dataDir, 'postgres')));
    const { status } = await fetch(`${first.issuer}/readyz`);
    t.equal(status, 200);
  });

  await killEverything(t, postgres, first, start, masterKey);
}

async function killEverything(
  t: Test,
  postgres: InstalledPostgres,
  first: GatehouseProcess,
  start: () => Promise<GatehouseProcess>,
  masterKey: string,
): Promise<void> {
  const { connectionString } = postgres;
  const { app, service, user } = await furnish(t, { connectionString, masterKey });
  const person = createSignedIn(first as unknown as TestGatehouse, user);
  const kept = await person.tokens(app);
  const rotated = await person.tokens(app);
  const child = (await refresh(first, app, rotated.refresh_token)).body;
  const denied = await person.tokens(app);
  await revoke(first, app, denied.access_token);
  const over = await person.tokens(app);
  await revoke(first, app, over.refresh_token);
  const machine = await token(first, service, { grant_type: 'client_credentials' });
  const isActive = async (target: GatehouseProcess, accessToken = '', client = app) =>
    (await introspect(target, client, accessToken)).body.active;

  /** Uses nothing up but what it is given. */
  const expectInForce = async (t: Test, at: GatehouseProcess) => {
    t.equal((await userinfo(at, kept.access_token)).status, 200, 'an access token is in force');
    t.equal(await isActive(at, child.access_token), true, 'one from a refresh');
    t.equal(await isActive(at, machine.body.access_token, service), true, "a machine's");
    t.equal(await isActive(at, denied.access_token), false, 'one that was revoked is not');
    t.equal(
      await isActive(at, over.access_token),
      false,
      'nor is that of a grant that was revoked',
    );
    t.match(await refresh(at, app, over.refresh_token), REFUSED, 'nor its refresh token');
  };

  await t.test('the whole code flow, refresh and revocation', (t) => expectInForce(t, first));

  await t.test('kill -9 of Gatehouse takes nothing back', async (t) => {
    await first.kill('SIGKILL');
    const second = await start();
    await expectInForce(t, second);
    t.equal((await refresh(second, app, denied.refresh_token)).status, 200, 'its grant lives on');
    await person.code(app);
    t.pass('the browser is signed in, and its consent is remembered');
    t.equal(await second.kill(), 0);
  });

  await t.test('nor does kill -9 of both at once', async (t) => {
    const third = await start();
    const answered = await refresh(third, app, kept.refresh_token);
    t.equal(answered.status, 200);
    await Promise.all([postgres.crash(), third.kill('SIGKILL')]);
    await postgres.start();
    const fourth = await start();
    await expectInForce(t, fourth);
    t.match(await refresh(fourth, app, kept.refresh_token), REFUSED, 'what was used stays used');
    const next = await refresh(fourth, app, answered.body.refresh_token!);
    t.equal(next.status, 200, 'what was answered works');
    t.equal((await refresh(fourth, app, child.refresh_token!)).status, 200);
    await person.tokens(app);
    t.equal(await fourth.kill(), 0);
  });
}
