import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startLive } from '../../sdk/live/start.ts';
import { isInstalled, notice, run, sdkPath } from './toolchain.ts';

// Compiled by javac into a folder of its own and run as a program: nothing is downloaded.

const cwd = sdkPath('java');
const missing = isInstalled('javac', '-version') ? null : notice('java', 'javac');

const sources = (folder: string) =>
  readdirSync(join(cwd, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(folder, name));

t.test(
  'Java: compiles without a warning; the vectors, and the live suite on all four platforms',

  async (t) => {
    if (missing) return t.pass(missing);
    const classes = t.testdir();
    const strict = ['-encoding', 'UTF-8', '--release', '17', '-Xlint:all', '-Werror'];
    const files = [...sources('src/main'), ...sources('src/test')];
    const compiled = await run('javac', [...strict, '-d', classes, ...files], { cwd });
    t.equal(compiled.code, 0, compiled.output);
    cpSync(join(cwd, 'src/main/resources'), classes, { recursive: true });

    const { path } = await startLive(t);
    const tests = ['-cp', classes, 'dev.gatehouse.client.Tests'];
    const { code, output } = await run('java', tests, { cwd, env: { GATEHOUSE_LIVE: path } });
    t.equal(code, 0, output);
    t.match(output, /^\d+ passed, 0 failed$/m);
    for (const platform of ['kliq', 'kaie', 'klen', 'kloakd']) {
      t.match(output, `live ${platform}: ok`);
    }
  },
);
