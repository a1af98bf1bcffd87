import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { findPostmaster } from '../../src/database/postmaster.ts';
import { authorize } from '../support/flows.ts';
import {
  type GatehouseProcess,
  launchGatehouse,
  newDataDir,
  spawnGatehouse,
} from '../support/process.ts';
import { createUserAgent } from '../support/user-agent.ts';
import { until } from '../webhooks/house.ts';
import { hasCurl, inShell, LAST_WORDS, type Printed, readPrinted, runKeyCurl } from './printed.ts';

const LAST_WORDS_WITHOUT_DEMO = '  Stop with Ctrl-C; the data stays for the next start.\n';

const textWithoutDemo = (issuer: string, file: string) => `
  Acme Notes is ready at ${issuer}, without demo data

  Sign in and look around:   ${issuer}/dashboard
  Every flow, step by step:  ${issuer}/playground
  What your developers read: ${issuer}/docs/authentication
  The management API:        ${issuer}/reference

  The operator's key is in ${file}. To begin with, make an organization:

       curl ${issuer}/manage/v1/organizations -H "Authorization: Bearer $(cat '${file}')" -H 'Content-Type: application/json' -d '{"name": "My company"}'

`;

/** Runs a printed command as a person would, in a shell; without curl, sends what it would send. */
async function runCurl(command: string): Promise<Record<string, unknown>> {
  if (hasCurl) return JSON.parse(await inShell(command));
  const words = command.replaceAll('\\\n', ' ').split(/\s+/);
  const valuesOf = (option: string) => words.filter((_, at) => words[at - 1] === option);
  const [user] = valuesOf('-u');
  const response = await fetch(words.find((word) => word.startsWith('http'))!, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(user ? { authorization: `Basic ${Buffer.from(user).toString('base64')}` } : {}),
    },
    body: valuesOf('-d').join('&'),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** Walks the printed link to its end, and runs the printed commands. */
async function tryOut(t: Test, gatehouse: GatehouseProcess): Promise<Printed> {
  const printed = await readPrinted(gatehouse);
  const agent = createUserAgent();
  const back = await authorize(agent, printed.url, printed.user);
  t.equal(back.pathname, '/demo/callback');
  const page = await agent.get(back.href);
  t.equal(page.status, 200);
  const command =
    /<(?:code|pre)[^>]*>\s*(?:<code[^>]*>)?(curl[\s\S]*?)<\//.exec(page.body)?.[1] ?? '';
  const ofUser = await runCurl(command.replaceAll('&amp;', '&').replaceAll('&#39;', "'"));
  t.match(ofUser, { access_token: String, id_token: String, token_type: 'Bearer' });
  t.match(await runCurl(printed.curl), { access_token: String, token_type: 'Bearer' });
  const answer = await runKeyCurl(printed.keyCurl);
  t.match(answer, /^HTTP\/1\.1 200 OK\n/);
  t.match(answer, /^x-gatehouse-credential: api_key$/m, 'the gate says who calls');
  return printed;
}

t.test('the first `npm start` makes everything and prints how to try it', async (t) => {
  const dataDir = await newDataDir(t);
  await mkdir(dataDir, { mode: 0o700 });
  await chmod(dataDir, 0o700);
  const environment = { DEMO: undefined, DATA_DIR: dataDir };
  const first = await spawnGatehouse(t, { environment, byNpm: true });
  const printed = await tryOut(t, first);

  await t.test(
    'what is there to be pasted comes last: no log line of the start follows',
    async (t) => {
      const [before = '', after = ''] = first.stdout.split(LAST_WORDS);
      t.match(before, /Server listening[\s\S]*is ready at/);
      const later = after.split('\n').filter((line) => line !== '');
      // Asked by the tests since.
      t.ok(
        later.every((line) => /"requestId":/.test(line)),
        later.join('\n'),
      );
    },
  );

  await t.test('secrets are for their owner only', async (t) => {
    for (const name of ['master-key', 'admin-key', 'demo.json', 'postgres.log']) {
      t.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name);
    }
    t.equal((await stat(dataDir)).mode & 0o777, 0o700);
  });

  await t.test('SIGTERM to npm ends the server and Postgres too, with exit code 0', async (t) => {
    t.ok(await findPostmaster(join(dataDir, 'postgres')));
    t.equal(await first.kill('SIGTERM'), 0);
    t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
    t.equal(first.stderr, '');
  });

  await t.test('a second start, at another port, finds the data of the first', async (t) => {
    const second = await spawnGatehouse(t, { environment, byNpm: true });
    const again = await tryOut(t, second);
    t.same(again.clients, printed.clients);
    t.same(again.user, printed.user);
    t.equal(again.keyCurl.replaceAll(second.issuer, first.issuer), printed.keyCurl);
    const typed = await fetch(`${second.issuer}/demo/callback`, { redirect: 'manual' });
    t.equal(typed.status, 303, 'where no app was answered, the round trip begins');
    t.equal(new URL(typed.headers.get('location')!).pathname, '/oauth/authorize');
    t.equal(await second.kill('SIGINT'), 0, 'Ctrl-C is a clean end as well');
    t.match(second.stdout, '"msg":"stopped"', 'it says when it has finished');
    t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
  });

  await t.test('DEMO=0 prints none of it', async (t) => {
    const silent = await spawnGatehouse(t, { environment: { DEMO: '0', DATA_DIR: dataDir } });
    await until(() => silent.stdout.includes(LAST_WORDS_WITHOUT_DEMO), 'what is printed');
    t.notMatch(silent.stdout, /demo@example\.com|password|client_credentials|\/oauth\/authorize/);
    t.equal(silent.stdout.match(/curl/g)?.length, 1);
    const callback = await fetch(`${silent.issuer}/demo/callback?code=x`);
    t.equal(callback.status, 404);
    t.equal(await silent.kill(), 0);
  });
});

t.test(
  'a start without demo data prints where everything is, and what to begin with',
  async (t) => {
    const dataDir = await newDataDir(t);
    const environment = { DEMO: '0', DATA_DIR: dataDir };
    const begin = async (gatehouse: GatehouseProcess) => {
      await until(() => gatehouse.stdout.includes(LAST_WORDS_WITHOUT_DEMO), 'what is printed');
      return gatehouse.stdout.slice(gatehouse.stdout.indexOf('\n  Acme Notes is ready'));
    };

    await t.test('with the key that the first start made', async (t) => {
      const gatehouse = await spawnGatehouse(t, { environment });
      const { issuer } = gatehouse;
      const file = join(dataDir, 'admin-key');
      const text = await begin(gatehouse);
      t.equal(text.slice(0, text.indexOf(LAST_WORDS_WITHOUT_DEMO)), textWithoutDemo(issuer, file));
      t.notOk(
        gatehouse.stdout.includes((await readFile(file, 'utf8')).trim()),
        'not the key itself',
      );
      for (const [page] of text.matchAll(/http\S+(?=\n)/g)) {
        t.equal((await fetch(page)).status, 200, page);
      }
      if (hasCurl) {
        const [command = ''] = /curl .*/.exec(text) ?? [];
        t.match(JSON.parse(await inShell(command)), { id: String, name: 'My company' });
      }
      t.equal(await gatehouse.kill(), 0);
    });

    await t.test('with a key from the environment', async (t) => {
      const key = randomBytes(32).toString('base64url');
      const gatehouse = await spawnGatehouse(t, {
        environment: { ...environment, ADMIN_KEY: key },
      });
      const text = await begin(gatehouse);
      t.match(
        text,
        "The operator's key is the ADMIN_KEY that this was started with. To begin with,",
      );
      t.notOk(gatehouse.stdout.includes(key), 'not the key itself');
      t.notMatch(text, 'admin-key', 'the file holds another');
      if (hasCurl) {
        const [command = ''] = /curl .*/.exec(text) ?? [];
        const answer = await inShell(`export ADMIN_KEY='${key}'\n${command}`);
        t.match(JSON.parse(answer), { id: String, name: 'My company' });
      }
      t.equal(await gatehouse.kill(), 0);
    });

    await t.test('but in production it prints its log alone', async (t) => {
      const gatehouse = await spawnGatehouse(t, {
        environment: {
          ...{ ...environment, NODE_ENV: 'production', ISSUER: 'https://auth.example.com' },
          MASTER_KEY: (await readFile(join(dataDir, 'master-key'), 'utf8')).trim(),
          ADMIN_KEY: randomBytes(32).toString('base64url'),
        },
      });
      t.equal(await gatehouse.kill(), 0);
      const lines = gatehouse.stdout.trim().split('\n');
      t.ok(lines.length > 1);
      for (const line of lines) t.match(JSON.parse(line), { level: Number }, line);
    });
  },
);

t.test('a first start that is killed half-way is gone on with', async (t) => {
  const dataDir = await newDataDir(t);
  const environment = { DEMO: undefined, DATA_DIR: dataDir };
  const first = await launchGatehouse(t, { environment });
  // From here on the demo is being made, in some five steps of a few milliseconds.
  while (!existsSync(join(dataDir, 'demo.json'))) await sleep(1);
  await sleep(Math.random() * 40);
  await first.kill('SIGKILL');

  const second = await spawnGatehouse(t, { environment });
  await tryOut(t, second);
  t.equal(await second.kill(), 0);
  const other = await spawnGatehouse(t, { environment: { ...environment, PLATFORM: 'kaie' } });
  const { url } = await tryOut(t, other);
  t.match(url, 'scope=openid+profile+email+workflows', 'another platform, the same demo');
  t.equal(await other.kill(), 0);
});
