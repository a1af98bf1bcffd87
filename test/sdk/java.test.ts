import { cpSync, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { startLive } from '../../sdk/live/start.ts';
import { checkReport } from './live-list.ts';
import { firstProgram, heardOf } from './readme.ts';
import { isInstalled, notice, run, sdkPath } from './toolchain.ts';
import { casesOf, VECTORS } from './vectors.ts';

// Compiled by javac into a folder of its own and run as a program: nothing is downloaded.

const cwd = sdkPath('java');
const missing = isInstalled('javac', '-version') ? null : notice('java', 'javac');

/** Of Debian's libtomcat10-java. */
const TOMCAT = [
  ...['annotations-api', 'api', 'catalina', 'coyote', 'jaspic-api', 'juli', 'servlet-api'],
  ...['util', 'util-scan'],
].map((name) => `/usr/share/java/tomcat10-${name}.jar`);

const hasTomcat = TOMCAT.every((jar) => existsSync(jar));
const missingTomcat =
  missing ?? (hasTomcat ? null : notice('java/servlet', 'Tomcat (libtomcat10-java)'));

const classes = t.testdir();
const pathOf = (jars: readonly string[]) => [classes, ...jars].join(delimiter);

const live = missing ? undefined : await startLive(t);

t.test(
  'Java: compiles without a warning; the vectors, and the live suite on all four platforms',

  async (t) => {
    if (missing) return t.pass(missing);
    await compile(t, 'src');
    cpSync(join(cwd, 'src/main/resources'), classes, { recursive: true });
    const output = await runTests(t, 'Tests');
    for (const name of VECTORS) {
      const cases = casesOf(name).length;
      t.match(output, `${name}.json: ${cases} of ${cases}\n`, `every case of ${name}.json`);
    }
    const { kloakd } = live!.servers;
    checkReport(t as Test, output, live!.servers);

    const { code, env } = firstProgram('java', kloakd);
    const folder = t.testdir({ 'Discoveries.java': code });
    const sampled = await run('java', ['-cp', pathOf([]), 'Discoveries.java'], {
      ...{ cwd: folder, env },
    });
    t.match(sampled.output, heardOf(kloakd), 'the README’s first program calls');
  },
);

t.test(
  'Java: in a servlet container the filter takes whom the gate vouches for, and nobody else',

  async (t) => {
    if (missingTomcat) return t.pass(missingTomcat);
    await compile(t, 'servlet/src', TOMCAT);
    const output = await runTests(t, 'FilterTests', TOMCAT);
    t.match(output, /^assertions\.json: (\d+) of \1$/m);
    for (const platform of ['kliq', 'kaie', 'klen', 'kloakd']) {
      t.match(output, `live filter ${platform}: ok`);
    }
  },
);

async function compile(t: Test, folder: string, jars: readonly string[] = []): Promise<void> {
  const sources = readdirSync(join(cwd, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(folder, name));
  const strict = ['-encoding', 'UTF-8', '--release', '17', '-Xlint:all', '-Werror'];
  const to = ['-cp', pathOf(jars), '-d', classes];
  const { code, output } = await run('javac', [...strict, ...to, ...sources], { cwd });
  t.equal(code, 0, output);
}

/** What the program printed. */
async function runTests(t: Test, name: string, jars: readonly string[] = []): Promise<string> {
  const program = ['-cp', pathOf(jars), `dev.gatehouse.client.${name}`];
  const env = { GATEHOUSE_LIVE: live?.path ?? '' };
  const { code, output } = await run('java', program, { cwd, env });
  t.equal(code, 0, output);
  t.match(output, /^[1-9]\d* passed, 0 failed$/m);
  return output;
}
