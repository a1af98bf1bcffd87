import { existsSync } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
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
import { hasCurl, inShell, LAST_WORDS, type Printed, readPrinted, runKeyCurl } from './printed.ts';

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

t.test('the first start makes everything and prints how to try it', async (t) => {
  const dataDir = await newDataDir(t);
  await mkdir(dataDir, { mode: 0o700 });
  await chmod(dataDir, 0o700);
  const first = await spawnGatehouse(t, { environment: { DEMO: undefined, DATA_DIR: dataDir } });
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

  await t.test('SIGTERM ends Postgres too, with exit code 0', async (t) => {
    t.ok(await findPostmaster(join(dataDir, 'postgres')));
    t.equal(await first.kill('SIGTERM'), 0);
    t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
    t.equal(first.stderr, '');
  });

  await t.test('a second start, at another port, finds the data of the first', async (t) => {
    const second = await spawnGatehouse(t, { environment: { DEMO: undefined, DATA_DIR: dataDir } });
    const again = await tryOut(t, second);
    t.same(again.clients, printed.clients);
    t.same(again.user, printed.user);
    t.equal(again.keyCurl.replaceAll(second.issuer, first.issuer), printed.keyCurl);
    t.equal(await second.kill('SIGINT'), 0, 'Ctrl-C is a clean end as well');
    t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
  });

  await t.test('DEMO=0 prints none of it', async (t) => {
    const silent = await spawnGatehouse(t, { environment: { DEMO: '0', DATA_DIR: dataDir } });
    t.notMatch(silent.stdout, /demo@example\.com|curl/);
    const callback = await fetch(`${silent.issuer}/demo/callback?code=x`);
    t.equal(callback.status, 404);
    t.equal(await silent.kill(), 0);
  });
});

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
