import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import type { Stage } from './snippet-stage.ts';

// The page's Go and Java, compiled all at once, since a compiler's start is what takes long.

const execute = promisify(execFile);

type Compiled = 'go' | 'java';

interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

const COMPILERS = { go: ['go', 'version'], java: ['javac', '-version'] } as const;

/** The languages whose compilers are installed. */
export const compilers = (Object.keys(COMPILERS) as Compiled[]).filter((language) => {
  const [program, argument] = COMPILERS[language];
  const isInstalled = spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
  if (!isInstalled) {
    process.stderr.write(`\n  The ${language} snippets DID NOT RUN: ${program} is not installed\n`);
  }
  return isInstalled;
});

/** Programs of all the stage's requests, by language and the name of the sample. */
export async function compile(
  t: Pick<Test, 'teardown'>,
  stage: Stage,
): Promise<Record<Compiled, (sample: string) => Program>> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-compiled-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [go, java] = [join(folder, 'go'), join(folder, 'java')];
  for (const sample of stage.requests) {
    mkdirSync(join(go, sample), { recursive: true });
    writeFileSync(join(go, sample, 'main.go'), `${stage.page.code(`${sample}-go`)}\n`);
    mkdirSync(java, { recursive: true });
    // Its name alone is changed, so that they can be compiled together.
    const named = stage.page
      .code(`${sample}-java`)
      .replace('class Call {', `class ${nameOf(sample)} {`);
    writeFileSync(join(java, `${nameOf(sample)}.java`), `${named}\n`);
  }
  await Promise.all(compilers.map((language) => BUILDS[language]({ go, java }[language], stage)));
  return {
    go: (sample) => ({ file: join(go, 'bin', sample), args: [] }),
    java: (sample) => ({
      file: 'java',
      args: [
        '-XX:TieredStopAtLevel=1',
        '-Xshare:auto',
        '-XX:+UseSerialGC',
        '-cp',
        join(java, 'classes'),
        nameOf(sample),
      ],
    }),
  };
}

const BUILDS: Record<Compiled, (cwd: string, stage: Stage) => Promise<unknown>> = {
  go(cwd) {
    writeFileSync(join(cwd, 'go.mod'), 'module snippets\n\ngo 1.18\n');
    mkdirSync(join(cwd, 'bin'));
    const env = { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local' };
    return execute('go', ['build', '-o', 'bin/', './...'], { cwd, env });
  },
  java(cwd, { requests }) {
    const sources = requests.map((sample) => `${nameOf(sample)}.java`);
    return execute('javac', ['-encoding', 'UTF-8', '-d', 'classes', ...sources], { cwd });
  },
};

const nameOf = (sample: string) => `Call_${sample.replaceAll('-', '_')}`;

/** What the program prints. */
export async function start(
  { file, args }: Program,
  environment: Record<string, string>,
): Promise<string> {
  const env = { PATH: process.env.PATH, ...environment };
  return (await execute(file, args, { env })).stdout;
}
