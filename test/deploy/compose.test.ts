import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { decide } from '../credentials/user-token-callers.ts';
import { obtainTokens, refresh } from '../support/flows.ts';
import { CALLBACK, freePort, type TestGatehouse } from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { type GatehouseProcess, spawnGatehouse } from '../support/process.ts';
import { expectRedis, startRedis } from '../support/redis-server.ts';
import { managing } from '../webhooks/manage.ts';
import { findProgram } from './gated-api.ts';
import { startNginx } from './nginx-server.ts';

// docker-compose.yml and the Dockerfile, without an engine: what they promise is read out of them, the
// secrets they are given are really made and read, and two processes run with that environment.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  image?: string;
  build?: string;
  user?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  networks: string[];
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  command?: string[];
  read_only?: boolean;
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file?: string }>;
}

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const gatehouses = services.filter(([name]) => name.startsWith('gatehouse-'));
const dockerfile = read('Dockerfile');

/** `${NAME:-default}` → what is given under that name, or the default, as compose fills it in. */
const filledIn = (value: string, given: Record<string, string> = {}) =>
  value.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name, preset) => given[name] || preset);

/** What the image sets by itself. */
const inImage = Object.fromEntries(
  /^ENV ([\s\S]*?[^\\])\n/m
    .exec(dockerfile)![1]!
    .replaceAll('\\\n', ' ')
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split('=')),
) as Record<string, string>;
const inCompose = gatehouses[0]![1].environment ?? {};

/** What a process is started with: its secrets are in that directory, and that is what the operator has set. */
const environmentOf = (secrets: string, given: Record<string, string> = {}) => ({
  ...inImage,
  ...Object.fromEntries(
    Object.entries(inCompose).map(([name, value]) => [
      name,
      filledIn(value, given).replace('/run/secrets', secrets),
    ]),
  ),
});

t.test('two Gatehouse processes, nginx, Postgres and Redis', async (t) => {
  t.same(Object.keys(compose.services), [
    'gatehouse-1',
    'gatehouse-2',
    'nginx',
    'postgres',
    'redis',
  ]);
  t.same(
    compose.services['gatehouse-1'],
    compose.services['gatehouse-2'],
    'the processes are alike',
  );
  const upstreams = [...read('deploy/nginx.conf').matchAll(/^\s*server ([\w-]+):(\d+)/gm)];
  t.same(
    upstreams.map((match) => match[1]),
    gatehouses.map(([name]) => name),
    'nginx knows both',
  );
  const port = /PORT=(\d+)/.exec(dockerfile)?.[1];
  t.same(
    upstreams.map((match) => match[2]),
    [port, port],
    'at the port of the image',
  );
});

t.test('what a service names is declared', async (t) => {
  for (const [name, service] of services) {
    for (const secret of service.secrets ?? []) t.ok(compose.secrets[secret], `${name}: ${secret}`);
    for (const network of service.networks)
      t.ok(network in compose.networks, `${name}: ${network}`);
    for (const other of Object.keys(service.depends_on ?? {})) {
      t.ok(compose.services[other], `${name} waits for ${other}`);
      const health = compose.services[other]?.healthcheck ?? /^HEALTHCHECK/m.test(dockerfile);
      t.ok(health, `${other} says when it is ready`);
    }
    for (const volume of service.volumes ?? []) {
      const source = volume.split(':')[0]!;
      t.ok(
        source.startsWith('.') ? existsSync(join(ROOT, source)) : source in compose.volumes,
        source,
      );
    }
  }
});

t.test('no secret is written down: every one is a file that git does not track', async (t) => {
  for (const [name, service] of services) {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      // Where somebody publishes public keys is no secret.
      if (variable === 'LEAK_REPORTER_KEYS_URL') continue;
      if (!/PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|REDIS_URL/.test(variable)) continue;
      t.match(variable, /_FILE$/, `${name}: ${variable} is read from a file`);
      t.match(value, /^\/run\/secrets\/\w+$/, `${name}: ${variable}`);
      t.ok(
        service.secrets?.includes(value.replace('/run/secrets/', '')),
        `${name} is given ${value}`,
      );
    }
  }
  for (const [name, { file }] of Object.entries(compose.secrets)) {
    t.equal(file, `deploy/secrets/${name}`);
  }
  t.notMatch(text, /:\/\/[^\s:/@]+:[^\s@]+@/, 'no URL with a password');
  t.notMatch(dockerfile, /(PASSWORD|SECRET|_KEY|_URL)=/);
  t.match(read('deploy/.gitignore').split('\n'), ['/secrets/']);
  t.match(
    read('.dockerignore')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))[0],
    '*',
    'only what is listed enters the image',
  );
});

/** Settings that mean nothing there. */
const NOT_PASSED_ON = {
  DATA_DIR: 'nothing is kept in it once the database and the secrets are given',
  DEMO: 'never in production',
};

t.test('every variable that Gatehouse reads is passed on', async (t) => {
  const asked = new Set<string>();
  const noted = new Proxy<Record<string, string>>(
    { NODE_ENV: 'production' },
    {
      get(target, name: string) {
        asked.add(name);
        return target[name];
      },
    },
  );
  t.throws(() => readConfig(noted), /MASTER_KEY/);
  const names = [...asked].filter((name) => !name.endsWith('_FILE'));
  const given = [...Object.keys(inCompose), ...Object.keys(inImage), ...Object.keys(NOT_PASSED_ON)];
  t.same(
    given.map((name) => name.replace(/_FILE$/, '')).sort(),
    names.sort(),
    'those of config.ts, and no others',
  );
  for (const [name, value] of Object.entries(inCompose)) {
    if (name.endsWith('_FILE')) continue;
    t.equal(filledIn(value, { [name]: 'the operator’s' }), 'the operator’s', name);
  }
});

t.test('only nginx has a port, on this machine’s loopback unless told otherwise', async (t) => {
  const open = services.filter(([, service]) => service.ports);
  t.same(
    open.map(([name]) => name),
    ['nginx'],
  );
  t.same(
    open[0]?.[1].ports?.map((port) => filledIn(port)),
    ['127.0.0.1:8080:8080'],
  );
  t.equal(compose.networks.inside?.internal, true);
  t.same(
    [compose.services.postgres?.networks, compose.services.redis?.networks],
    [['inside'], ['inside']],
  );
});

t.test('the image: Node 24, in stages, not root, with a health check', async (t) => {
  const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
  t.same(stages, ['node:24-slim', 'node:24-slim']);
  const { devDependencies } = JSON.parse(read('package.json')) as {
    devDependencies: { node: string };
  };
  t.match(devDependencies.node, /^24\./, 'the Node of development is the same');
  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
  t.match(last, /^USER node$/m);
  t.match(last, /^HEALTHCHECK [\s\S]*\/readyz/m);
  t.match(last, /^CMD \["node", "src\/main\.ts"\]$/m, 'a list, so that signals reach it');
  t.match(dockerfile, /^RUN npm ci$/m);
  t.match(dockerfile, /^RUN npm prune --omit=dev/m);
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    match[1]!.split(' '),
  );
  const allowed = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  for (const source of copied) {
    t.ok(existsSync(join(ROOT, source)), `${source} exists`);
    t.ok(allowed.includes(source.split('/')[0]!), `${source} is not ignored`);
  }
});

/** The script, in a directory of its own. */
function makeSecrets(t: Test): { directory: string; run: () => string } {
  const directory = t.testdir({});
  mkdirSync(join(directory, 'deploy'));
  copyFileSync(join(ROOT, 'deploy/make-secrets.sh'), join(directory, 'deploy/make-secrets.sh'));
  const run = () => {
    const result = spawnSync('sh', ['deploy/make-secrets.sh'], {
      cwd: directory,
      encoding: 'utf8',
    });
    t.equal(result.status, 0, result.stderr);
    return result.stdout;
  };
  return { directory: join(directory, 'deploy/secrets'), run };
}

t.test('make-secrets.sh makes what compose reads, mode 0600, once', async (t) => {
  const { directory, run } = makeSecrets(t);
  run();
  t.same(readdirSync(directory).sort(), Object.keys(compose.secrets).sort());
  const contents = () =>
    readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
  for (const name of readdirSync(directory)) {
    t.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  }
  const before = contents();
  t.equal(new Set(before).size, before.length, 'all different');
  t.notMatch(run(), 'made', 'a second run says that it kept them');
  t.same(contents(), before, 'and leaves them alone');
  const password = readFileSync(join(directory, 'postgres_password'), 'utf8').trim();
  t.match(
    readFileSync(join(directory, 'database_url'), 'utf8'),
    `gatehouse:${password}@postgres:5432/`,
  );
});

t.test(
  'Gatehouse starts in production with the environment of compose and the image',
  async (t) => {
    const { directory, run } = makeSecrets(t);
    run();
    const environment: Record<string, string> = environmentOf(directory);
    const config = readConfig(environment);
    t.equal(config.production, true);
    t.equal(config.host, '0.0.0.0');
    t.equal(config.issuer, 'http://localhost:8080');
    t.equal(config.masterKey.length, 32);
    t.match(config.databaseUrl, /^postgresql:\/\/gatehouse:\w+@postgres:5432\/gatehouse$/);
    t.match(config.redisUrl, /^redis:\/\/default:\w+@redis:6379\/0$/);
    t.same(config.trustProxy, ['uniquelocal']);
    t.throws(
      () => readConfig({ ...environment, MASTER_KEY_FILE: '' }),
      /MASTER_KEY/,
      'and not without them',
    );
    t.match(
      config,
      { upstream: undefined, allowPrivateTargets: false, logLevel: 'info', databasePoolSize: 10 },
      'what is empty is as if it were not there',
    );
  },
);

const nginx = findProgram('nginx');
if (nginx) {
  t.test('two processes with that environment behind nginx: one dies, and nobody notices', (t) =>
    runWhole(t, nginx),
  );
} else {
  t.comment('NO NGINX ON THIS MACHINE: two processes behind it were not tried');
}

async function runWhole(t: Test, program: string): Promise<void> {
  const { directory, run } = makeSecrets(t);
  run();
  const secret = (name: string) => readFileSync(join(directory, name), 'utf8').trim();
  const ports = [await freePort(), await freePort()];
  const proxy = await startNginx(t, program, ports);
  const issuer = `http://localhost:${proxy.port}`;
  const { connectionString } = await createTestDatabase(t, { migrated: false });
  writeFileSync(join(directory, 'database_url'), connectionString);
  const redisProgram = expectRedis(t);
  const redis = redisProgram
    ? await startRedis(t, redisProgram, { password: secret('redis_password') })
    : undefined;
  writeFileSync(join(directory, 'redis_url'), redis?.url ?? '');
  const environment = {
    ...environmentOf(directory, { ISSUER: issuer, TRUST_PROXY: 'loopback', LOG_LEVEL: 'debug' }),
    // They are on this machine's own network.
    ...{ HOST: '127.0.0.1', DEMO: undefined },
    ...(redis ? {} : { REDIS_URL_FILE: undefined }),
  };
  const [one, two] = (await Promise.all(
    ports.map((port) => spawnGatehouse(t, { environment: { ...environment, PORT: `${port}` } })),
  )) as [GatehouseProcess, GatehouseProcess];

  const door = { issuer, address: issuer, adminKey: secret('admin_key') } as TestGatehouse;
  const { client, user, key } = await furnishOver(door);
  let tokens: { access_token?: string; refresh_token?: string };
  tokens = await obtainTokens(door, client, user);
  const expectInForce = async (rounds: number, when: string) => {
    for (let round = 1; round <= rounds; round += 1) {
      const next = await refresh(door, client, tokens.refresh_token!);
      t.equal(next.status, 200, `${when}, a token is refreshed`);
      tokens = next.body;
      for (const credential of [tokens.access_token!, key]) {
        t.equal((await decide(door, credential, '/v1/notes')).allowed, true, 'the gate answers');
      }
    }
  };
  await expectInForce(2, 'with both');
  for (const port of ports) t.match(proxy.accessLog(), ` 127.0.0.1:${port} 200`, 'each had work');
  if (redis) t.ok(Number(await redis.command('DBSIZE')) > 0, 'they count in Redis');
  await one.kill('SIGKILL');
  await expectInForce(4, 'with one of them');
  t.match(
    proxy.accessLog(),
    ` 127.0.0.1:${ports[0]}, 127.0.0.1:${ports[1]} `,
    'it was passed over',
  );
  t.equal(await two.kill(), 0);
  t.notOk(existsSync(two.dataDir), 'nothing is written: the container could not');
  const written = [one, two].map(({ stdout, stderr }) => stdout + stderr).join() + proxy.logs();
  for (const [name, value] of Object.entries({ key, ...tokens, admin: door.adminKey })) {
    t.notOk(written.includes(String(value)), `${name} is in no log`);
  }
}

/** What an operator makes with the admin key, from outside. */
async function furnishOver(door: TestGatehouse) {
  const manage = managing(door);
  const make = async (path: string, body: object) => {
    const answer = await manage('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const { id: organization_id } = await make('/organizations', { name: 'Acme' });
  const login = { email: 'ada@example.com', password: 'correct horse battery' };
  const person = { ...login, name: 'Ada Example', organization_id, role: 'owner' };
  const { id } = await make('/users', person);
  const { client_id, client_secret } = await make('/clients', {
    ...{ name: 'Example App', redirect_uris: [CALLBACK] },
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid notes:read',
  });
  const { key } = await make('/api-keys', {
    ...{ organization_id, name: 'Nightly export', scopes: ['notes:read'] },
  });
  return {
    client: { clientId: client_id, secret: client_secret, redirectUri: CALLBACK },
    user: { ...login, id, organizationId: organization_id },
    key,
  };
}
