import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readConfig } from '../../src/config.ts';
import { migrate } from '../../src/database/migrate.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { runGatehouse, spawnGatehouse } from '../support/process.ts';

const SECRET = 'geheim-und-lang-genug';

/** No stack, no source line: what an operator reads is about their setting. */
function isPlain(t: Test, stderr: string): void {
  t.match(stderr, /\nGatehouse cannot start\.\n\n/);
  t.notMatch(stderr, /\n\s+at |\.ts:\d/, 'without a stack');
}

async function directory(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-config-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

t.test('says at once everything that is wrong, with how to mend it, and no secret', async (t) => {
  const broken = join(await directory(t), 'broken.yaml');
  await writeFile(broken, 'id: UPPER\nname: 3\nscopes: []\nnonsense: true\n');
  const { code, stderr } = await runGatehouse(t, {
    environment: {
      PORT: 'abc',
      HOST: 'http://127.0.0.1',
      ISSUER: `https://user:${SECRET}@auth.example.com/path`,
      UPSTREAM: 'ftp://files.example.com',
      DATABASE_URL: `mysql://user:${SECRET}@host/db`,
      DATABASE_POOL_SIZE: '0',
      REDIS_URL: `http://:${SECRET}@host`,
      MASTER_KEY: Buffer.from(SECRET).toString('base64'),
      ADMIN_KEY: SECRET.slice(0, 12),
      NODE_ENV: 'prod',
      LOG_LEVEL: 'loud',
      TRUST_PROXY: '10.0.0.0/99',
      DEMO: 'no',
      ALLOW_PRIVATE_TARGETS: 'yes',
      PLATFORM: broken,
    },
  });
  t.equal(code, 1);
  isPlain(t, stderr);
  for (const said of [
    /PORT must be a whole number from 1 to 65535, not "abc"/,
    /HOST must be a name or an address to listen on, .* not "http:\/\/127\.0\.0\.1"/,
    /ISSUER must be an http\(s\) origin .* like https:\/\/auth\.example\.com/,
    /UPSTREAM must be an http\(s\) origin .* not "ftp:/,
    /DATABASE_URL must be a URL like postgresql:/,
    /DATABASE_POOL_SIZE must be a whole number from 1 to 500/,
    /REDIS_URL must be a URL like redis:/,
    /MASTER_KEY must be 32 bytes .*`openssl rand -base64 32/,
    /ADMIN_KEY must have at least 24 characters; this one has 12/,
    /NODE_ENV must be one of production, development, test, not "prod"/,
    /LOG_LEVEL must be one of .*info.*, not "loud"/,
    /TRUST_PROXY must list .*10\.0\.0\.0\/8/,
    /DEMO must be 0 or 1, not "no"/,
    /ALLOW_PRIVATE_TARGETS must be 0 or 1/,
    /broken\.yaml: \d+ problems/,
    /line 1: id/,
    /line 3: scopes/,
    /line 4: nonsense/,
  ]) {
    t.match(stderr, said);
  }
  t.notMatch(stderr, SECRET);
  t.notMatch(stderr, Buffer.from(SECRET).toString('base64'));
});

t.test('HOST is a name or an address', (t) => {
  const keys = { MASTER_KEY: randomBytes(32).toString('base64'), ADMIN_KEY: SECRET.repeat(2) };
  for (const HOST of ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost', 'auth-1.internal']) {
    t.equal(readConfig({ ...keys, HOST }).host, HOST);
  }
  for (const HOST of [
    '999.1.1.1',
    'not a host',
    'a/b',
    'me@host',
    'host:80:90',
    'host?',
    '[::1]',
  ]) {
    t.throws(() => readConfig({ ...keys, HOST }), { message: /HOST must be a name/ }, HOST);
  }
  t.end();
});

t.test('ADMIN_KEY is one that a header carries to the letter (RFC 9110 §5.5)', (t) => {
  const keys = { MASTER_KEY: randomBytes(32).toString('base64') };
  for (const said of ['\uFEFF', ' ', 'ß', '\t']) {
    const ADMIN_KEY = `${said}${SECRET.repeat(2)}${said}x`;
    const read = () => readConfig({ ...keys, ADMIN_KEY });
    t.throws(read, { message: /ADMIN_KEY must be of visible ASCII/ }, JSON.stringify(said));
    t.throws(read, { message: new RegExp(`^(?!.*${SECRET})`, 's') }, 'no secret in it');
  }
  for (const ADMIN_KEY of [randomBytes(32).toString('base64'), 'correct-horse:battery!staple@24']) {
    t.equal(readConfig({ ...keys, ADMIN_KEY }).adminKey, ADMIN_KEY);
  }
  t.end();
});

t.test('a file that is no platform file at all is not repeated', async (t) => {
  const mistaken = join(await directory(t), 'admin-key.yaml');
  await writeFile(mistaken, `${SECRET}\n`);
  const { code, stderr } = await runGatehouse(t, { environment: { PLATFORM: mistaken } });
  t.equal(code, 1);
  t.match(stderr, /found\s+a text/);
  t.notMatch(stderr, SECRET);
});

t.test('REDIS_URL is one that the client can read', (t) => {
  const keys = { MASTER_KEY: randomBytes(32).toString('base64'), ADMIN_KEY: SECRET.repeat(2) };
  const read = (url: string) => readConfig({ ...keys, REDIS_URL: url });
  for (const url of [
    'redis://127.0.0.1',
    'redis://:secret@host:6380/3',
    'rediss://user:100%25@host/',
  ]) {
    t.equal(read(url).redisUrl, url);
  }
  const problems: [string, RegExp][] = [
    [`redis://:${SECRET}@host/database`, /REDIS_URL must be a URL like redis:/],
    [`redis://:${SECRET}%@host`, /REDIS_URL must have its user and password percent-encoded/],
  ];
  for (const [url, said] of problems) {
    t.throws(() => read(url), { message: said });
    t.throws(() => read(url), { message: new RegExp(`^(?!.*${SECRET})`, 's') }, 'no secret in it');
  }
  t.end();
});

t.test('production wants its own secrets and its issuer, and names each', async (t) => {
  const { code, stderr } = await runGatehouse(t, { environment: { NODE_ENV: 'production' } });
  t.equal(code, 1);
  isPlain(t, stderr);
  t.match(stderr, /MASTER_KEY is required .*`openssl rand -base64 32/);
  t.match(stderr, /ADMIN_KEY is required/);
  t.match(stderr, /ISSUER is required/);
});

t.test('reads every variable from NAME_FILE as well', async (t) => {
  const files = await directory(t);
  const { connectionString } = await createTestDatabase(t);
  const environment: Record<string, string | undefined> = {
    NODE_ENV: 'production',
    DATA_DIR: join(files, 'none'),
  };
  for (const [name, value] of Object.entries({
    MASTER_KEY: randomBytes(32).toString('base64'),
    ADMIN_KEY: randomBytes(32).toString('base64'),
    DATABASE_URL: connectionString,
    ISSUER: 'https://auth.example.com',
    PLATFORM: 'kaie',
    LOG_LEVEL: 'warn',
  })) {
    await writeFile(join(files, name), `${value}\n`);
    environment[`${name}_FILE`] = join(files, name);
  }
  const gatehouse = await spawnGatehouse(t, { environment });
  const metadata = await fetch(`${gatehouse.issuer}/.well-known/openid-configuration`);
  const { issuer, scopes_supported } = (await metadata.json()) as Record<string, unknown>;
  t.equal(issuer, 'https://auth.example.com');
  t.ok((scopes_supported as string[]).includes('workflows:read'), 'the platform is the one named');
  t.notMatch(gatehouse.stdout, /demo@example/, 'production has no demo');
  t.equal(await gatehouse.kill(), 0);
  t.equal(gatehouse.stdout, '', 'below the level asked for nothing is logged, from start to stop');

  await t.test('and says what is wrong with the file, but not what is in it', async (t) => {
    await writeFile(join(files, 'empty'), '\n');
    const { stderr } = await runGatehouse(t, {
      environment: {
        ...environment,
        ADMIN_KEY_FILE: SECRET,
        MASTER_KEY_FILE: join(files, 'empty'),
        ISSUER: 'https://other.example.com',
      },
    });
    isPlain(t, stderr);
    t.match(stderr, /ADMIN_KEY_FILE names a file that cannot be read \(ENOENT\)/);
    t.match(stderr, /MASTER_KEY_FILE names a file that is empty/);
    t.match(stderr, /ISSUER and ISSUER_FILE are both set/);
    t.notMatch(stderr, SECRET);
    t.notMatch(stderr, 'is required');
  });
});

t.test('a place that cannot be used is named in one sentence', async (t) => {
  await t.test('a port in use', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    const { connectionString } = await createTestDatabase(t);
    const { code, stderr } = await runGatehouse(t, {
      environment: { PORT: String(port), DATABASE_URL: connectionString },
    });
    t.equal(code, 1);
    isPlain(t, stderr);
    t.match(stderr, `127.0.0.1:${port} is in use by another program`);
  });

  await t.test('a host that is not this machine', async (t) => {
    const { connectionString } = await createTestDatabase(t);
    const { code, stderr } = await runGatehouse(t, {
      environment: { HOST: '192.0.2.1', DATABASE_URL: connectionString },
    });
    t.equal(code, 1);
    isPlain(t, stderr);
    t.match(stderr, 'HOST is 192.0.2.1, which is no address of this machine');
  });

  await t.test('a data directory that is none', async (t) => {
    const file = join(await directory(t), 'file');
    await writeFile(file, '');
    const { code, stderr } = await runGatehouse(t, { environment: { DATA_DIR: file } });
    t.equal(code, 1);
    isPlain(t, stderr);
    t.match(stderr, /DATA_DIR must be a directory this user may write to/);
  });
});

t.test('a database that cannot be used is told soon, and why', async (t) => {
  const { connectionString, name } = await createTestDatabase(t);
  const changed = (change: (url: URL) => void) => {
    const url = new URL(connectionString);
    change(url);
    return url.href;
  };
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(async () => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const cases: [string, string, RegExp][] = [
    [
      'nobody listens',
      `postgresql://user:${SECRET}@127.0.0.1:1/db`,
      /Postgres at 127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED/,
    ],
    [
      'no such host',
      `postgresql://user:${SECRET}@no-such-host.invalid/db`,
      /Postgres at no-such-host\.invalid cannot be reached/,
    ],
    [
      'no answer',
      `postgresql://user:${SECRET}@127.0.0.1:${port}/db`,
      /Postgres at 127\.0\.0\.1:\d+ cannot be reached \(timeout/,
    ],
    [
      'a wrong password',
      changed((url) => (url.password = SECRET)),
      /Postgres at \S+ refuses the user of DATABASE_URL \(password authentication failed/,
    ],
    [
      'no such database',
      changed((url) => (url.pathname = `/${name}_not`)),
      /Postgres at \S+ has no database "\w+_not": create it/,
    ],
  ];
  for (const [title, url, said] of cases) {
    const start = performance.now();
    const error = await migrate({ connectionString: url }).catch((reason: Error) => reason);
    t.match(error, { name: 'DatabaseConnectionError', message: said }, title);
    t.notMatch(String(error), SECRET);
    t.ok(performance.now() - start < 7000, `${title}: within seconds`);
  }
  const { code, stderr } = await runGatehouse(t, { environment: { DATABASE_URL: cases[0]![1] } });
  t.equal(code, 1);
  isPlain(t, stderr);
  t.match(stderr, cases[0]![2]);
  t.notMatch(stderr, SECRET);
});

t.test('another MASTER_KEY than the one the database knows is refused', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const start = (key: string) =>
    ({ environment: { DATABASE_URL: connectionString, MASTER_KEY: key } }) as const;
  const first = await spawnGatehouse(t, start(randomBytes(32).toString('base64')));
  t.equal(await first.kill(), 0);
  const { code, stderr } = await runGatehouse(t, start(randomBytes(32).toString('base64')));
  t.equal(code, 1);
  isPlain(t, stderr);
  t.match(stderr, /MASTER_KEY is not the one this database was used with/);
});
