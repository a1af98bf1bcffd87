import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startLive } from '../../sdk/live/start.ts';
import { checkReport } from './live-list.ts';
import { firstProgram, heardOf } from './readme.ts';
import { isInstalled, notice, run, sdkPath } from './toolchain.ts';
import { casesOf, VECTORS } from './vectors.ts';

// Its own suite in a process of its own. The client needs nothing but the standard library.

const OFFLINE = { GOPROXY: 'off', GOTOOLCHAIN: 'local' };

const cwd = sdkPath('go');

/** Of somebody who has the package from a clone. */
const SAMPLE_MODULE = `module example.com/discoveries

go 1.19

require gatehouse.dev/client v0.0.0

replace gatehouse.dev/client => ${cwd}
`;

const missing = isInstalled('go', 'version') ? null : notice('go', 'go');

t.test('Go: vet and gofmt have nothing to say', async (t) => {
  if (missing) return t.pass(missing);
  const vet = await run('go', ['vet', './...'], { cwd, env: OFFLINE });
  t.equal(vet.code, 0, vet.output);
  t.same(await run('gofmt', ['-l', '.'], { cwd }), { code: 0, output: '' });
});

t.test('Go: the vectors, and the live suite on all four platforms', async (t) => {
  if (missing) return t.pass(missing);
  const { path, servers } = await startLive(t);
  const env = { ...OFFLINE, GATEHOUSE_LIVE: path };
  const { code, output } = await run('go', ['test', '-count=1', '-timeout=120s', '-v', './...'], {
    cwd,
    env,
  });
  t.equal(code, 0, output);
  for (const name of VECTORS) {
    const suite = `Test${name[0]!.toUpperCase()}${name.slice(1)}`;
    t.match(output, `--- PASS: ${suite} `);
    const passed = output.match(new RegExp(`^ {4}--- PASS: ${suite}/`, 'gm')) ?? [];
    t.equal(passed.length, casesOf(name).length, `every case of ${name}.json`);
  }
  checkReport(t as Test, output, servers);
  for (const platform of ['kliq', 'kaie', 'klen', 'kloakd']) {
    t.match(output, `--- PASS: TestLive/${platform}/middleware `);
  }

  const directory = t.testdir({ 'go.mod': SAMPLE_MODULE });
  const program = firstProgram('go', servers.kloakd);
  await writeFile(join(directory, 'main.go'), program.code);
  const sampled = await run('go', ['run', '.'], {
    ...{ cwd: directory, env: { ...OFFLINE, ...program.env } },
  });
  t.match(sampled.output, heardOf(servers.kloakd), 'the README’s first program calls');
});

t.test('Go: a client is a token source of golang.org/x/oauth2', async (t) => {
  if (missing) return t.pass(missing);
  // The one module that is fetched; go.sum says what it must be.
  const env = { GOTOOLCHAIN: 'local' };
  const args = ['test', '-count=1', '-v', './...'];
  const { code, output } = await run('go', args, { cwd: join(cwd, 'interop'), env });
  // Without a network nothing can be told; in CI that is a failure like any other.
  const isOffline = /dial tcp|module lookup disabled|proxyconnect/.test(output);
  if (code !== 0 && isOffline && !process.env.CI) {
    return t.pass(notice('go/interop', 'golang.org/x/oauth2, which go cannot fetch here,'));
  }
  t.equal(code, 0, output);
  t.match(output, '--- PASS: TestAClientIsATokenSourceOfOAuth2 ');
  return undefined;
});
