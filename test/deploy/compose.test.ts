import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';

// docker-compose.yml and the Dockerfile, without an engine: what they promise is read out of them, and the
// secrets they are given are really made and read.

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

/** `${NAME:-default}` → the default, as compose fills it in when nothing is set. */
const filledIn = (value: string) => value.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

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

t.test('only nginx has a port, on this machine’s loopback unless told otherwise', async (t) => {
  const open = services.filter(([, service]) => service.ports);
  t.same(
    open.map(([name]) => name),
    ['nginx'],
  );
  t.same(open[0]?.[1].ports?.map(filledIn), ['127.0.0.1:8080:8080']);
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
    const inImage = /^ENV ([\s\S]*?[^\\])\n/m
      .exec(dockerfile)![1]!
      .replaceAll('\\\n', ' ')
      .trim()
      .split(/\s+/);
    const environment = Object.fromEntries([
      ...inImage.map((pair) => pair.split('=')),
      ...Object.entries(gatehouses[0]![1].environment ?? {}).map(([name, value]) => [
        name,
        filledIn(value).replace('/run/secrets', directory),
      ]),
    ]) as Record<string, string>;
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
  },
);
