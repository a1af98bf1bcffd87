import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { startLive } from '../../sdk/live/start.ts';
import { checkReport } from './live-list.ts';
import { firstProgram, heardOf } from './readme.ts';
import { openSamples, PUBLISHERS } from './samples.ts';
import { isInstalled, notice, run, sdkPath } from './toolchain.ts';
import { VECTORS } from './vectors.ts';

// gatehouse-client as its users have it: built and installed by pip, into an environment of its own.

const cwd = sdkPath('python');
const LITTER = ['build', 'dist', 'src/gatehouse_client.egg-info', '__pycache__', '.venv'];

/** Nothing of what is around here, and no litter in the sources. */
const CLEAN = { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: '', PIP_DISABLE_PIP_VERSION_CHECK: '1' };

const directory = await mkdtemp(join(tmpdir(), 'gatehouse-python-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));

const missing = await missingTool();
/** Of the environment with the package; undefined: it cannot be had here, which was said. */
let python: string | undefined;

t.test('Python: the package is built and installed by pip', async (t) => {
  if (missing) return t.pass(missing);
  python = await install(t);
  return undefined;
});

t.test('Python: the vectors, and the live suite on all four platforms', async (t) => {
  if (!python) return t.pass('not installed');

  const vectors = ['-W', 'error', '-m', 'unittest', 'discover', '-v', '-s', 'tests', '-t', '.'];
  const unit = await run(python, vectors, { cwd, env: CLEAN });
  t.equal(unit.code, 0, unit.output);
  t.notMatch(unit.output, / skipped /);
  for (const name of VECTORS) {
    t.match(unit.output, new RegExp(`test_every_case_of_${name}_json.* ok\n`));
  }
  t.match(unit.output, /test_every_case_of_caching.* ok\n/);
  t.match(unit.output, /test_a_websocket_is_opened_to_whom_the_gate_vouches_for_alone.* ok\n/);

  const { path, servers } = await startLive(t);
  const env = { ...CLEAN, GATEHOUSE_LIVE: path };
  const live = await run(python, ['-m', 'unittest', '-v', 'tests.live'], { cwd, env });
  t.equal(live.code, 0, live.output);
  checkReport(t as Test, live.output, servers);
  for (const platform of ['kliq', 'kaie', 'klen', 'kloakd']) {
    const served = `test_an_application_behind_the_gate_knows_its_callers (tests.live.Live_${platform}`;
    t.match(live.output, served);
  }

  for (const beginning of ['from gatehouse_client import Kloakd', 'import asyncio']) {
    const program = firstProgram('python', servers.kloakd, `${beginning}\n`);
    await writeFile(join(directory, 'discoveries.py'), program.code);
    const options = { cwd: directory, env: { ...CLEAN, ...program.env } };
    const { output } = await run(python, ['discoveries.py'], options);
    t.match(output, heardOf(servers.kloakd), `the README’s program calls: ${beginning}`);
  }
  return undefined;
});

for (const [name, publisher] of Object.entries(PUBLISHERS)) {
  t.test(`Python: ${name}: each sample of the page makes a client that calls`, async (t) => {
    if (!python) return t.pass('not installed');
    const samples = await openSamples(t, publisher);
    t.same(samples.names('python'), ['sdk-api-key', 'sdk-client-credentials']);
    for (const sample of samples.names('python')) {
      const call = `print(client.get(${JSON.stringify(samples.path)}).status)`;
      const program = `${samples.code(sample, 'python')}\n\n${call}\n`;
      t.equal(await samples.print(program, 'python', python), '200', sample);
    }
    return undefined;
  });
}

async function missingTool(): Promise<string | undefined> {
  if (!isInstalled('python3', '--version')) return notice('python', 'python3');
  const modern = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))';
  const { code } = await run('python3', ['-c', modern], { cwd });
  return code === 0 ? undefined : notice('python', 'python3 of 3.9 or newer with venv');
}

/** The interpreter of an environment with the package; undefined: what it needs cannot be fetched here. */
async function install(t: Test): Promise<string | undefined> {
  // pip builds in the sources' own place.
  const sources = join(directory, 'sources');
  const isSource = (path: string) => !LITTER.some((name) => basename(name) === basename(path));
  await cp(cwd, sources, { recursive: true, filter: isSource });
  const made = await run('python3', ['-m', 'venv', join(directory, 'venv')], {
    cwd: directory,
    env: CLEAN,
  });
  t.equal(made.code, 0, made.output);
  const python = join(directory, 'venv/bin/python');
  const pip = ['-m', 'pip', 'install', '--quiet', `${sources}[jwt,test]`];
  const { code, output } = await run(python, pip, { cwd: directory, env: CLEAN });
  if (code === 0) return python;
  // Without a network nothing can be told; in CI that is a failure like any other.
  const isOffline = !process.env.CI && /No matching distribution|Failed to establish/.test(output);
  if (isOffline) t.pass(notice('python', 'httpx, which pip cannot fetch here,'));
  else t.fail(output);
  return undefined;
}
