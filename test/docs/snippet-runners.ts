import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import type { Snippet, SnippetLanguage } from '../../src/snippets/snippets.ts';
import { buildGo, buildJava, compilers, nameOf } from './snippet-compilers.ts';
import { python, runCurl } from './snippet-stage.ts';

const execute = promisify(execFile);

/** The languages that are installed here; for each other it was said that it does not run. */
export const languages: readonly SnippetLanguage[] = [
  ...(['curl', 'typescript'] as const),
  ...(python ? (['python'] as const) : []),
  ...compilers,
];

type Environment = Readonly<Record<string, string>>;

export interface Runners {
  /**
   * Runs a snippet as it stands.
   *
   * @returns what it prints; of a command of cURL, its answer's status first, as the programs print it
   * @throws Error: it fails; the message has what it printed
   */
  run(language: SnippetLanguage, code: string, environment: Environment): Promise<string>;
  /** Where the snippets of a language run. */
  directory(language: SnippetLanguage): string;
  /** The snippets of a language, each once. */
  codes(language: SnippetLanguage): readonly string[];
}

type Run = (code: string, environment: Environment) => Promise<string>;

/**
 * Whatever runs these snippets, started and compiled once for all of them: a start of Python with httpx, or of
 * a Java machine, takes longer than what a snippet does.
 */
export async function openRunners(
  t: Pick<Test, 'teardown'>,
  snippets: readonly Snippet[],
): Promise<Runners> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-snippets-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const directory = (language: SnippetLanguage) => join(folder, language);
  const codesOf = (language: SnippetLanguage) => [
    ...new Set(snippets.filter(({ kind }) => kind === language).map(({ code }) => code)),
  ];
  for (const language of languages) mkdirSync(directory(language));
  const opened = await Promise.all(
    languages.map(async (language) => {
      const folder = `${directory(language)}-programs`;
      mkdirSync(folder);
      const make = { t, folder, cwd: directory(language), codes: codesOf(language) };
      return [language, await OPEN[language](make)] as const;
    }),
  );
  const runs = new Map<SnippetLanguage, Run>(opened);
  return {
    directory,
    codes: codesOf,
    async run(language, code, environment) {
      const run = runs.get(language);
      if (!run) throw new Error(`${language} is not installed`);
      return run(code, { PATH: process.env.PATH ?? '', ...environment });
    },
  };
}

interface Make {
  readonly t: Pick<Test, 'teardown'>;
  /** For what is compiled. */
  readonly folder: string;
  readonly cwd: string;
  readonly codes: readonly string[];
}

const OPEN: Record<SnippetLanguage, (make: Make) => Promise<Run>> = {
  curl:
    async ({ cwd }) =>
    (code, environment) =>
      runCurl(code, environment, cwd),

  async typescript({ folder, cwd, codes }) {
    const files = writeAll(folder, codes, 'mts');
    return async (code, env) =>
      (await execute(process.execPath, [files.get(code)!], { cwd, env })).stdout;
  },

  async python({ t, folder, cwd, codes }) {
    const files = writeAll(folder, codes, 'py');
    writeFileSync(join(folder, 'driver.py'), DRIVER);
    const ask = startMachine(t, [python!, join(folder, 'driver.py')], cwd);
    return (code, environment) => ask([files.get(code)!], environment);
  },

  async go({ folder, cwd, codes }) {
    const program = await buildGo(folder, codes);
    return async (code, env) =>
      (await execute(program, [nameOf(codes.indexOf(code))], { cwd, env })).stdout;
  },

  async java({ t, folder, cwd, codes }) {
    const ask = startMachine(t, await buildJava(folder, codes), cwd);
    return (code, environment) => ask([nameOf(codes.indexOf(code))], environment);
  },
};

function writeAll(folder: string, codes: readonly string[], ending: string): Map<string, string> {
  const files = new Map(
    codes.map((code, at) => [code, join(folder, `${nameOf(at)}.${ending}`)] as const),
  );
  for (const [code, file] of files) writeFileSync(file, `${code}\n`);
  return files;
}

/** Runs a file for each line of its input, in a process of its own that has what takes long to import. */
const DRIVER = `
import base64, os, runpy, sys, traceback
import cryptography.hazmat.primitives.asymmetric.ec, httpx, jwt

for line in sys.stdin:
    file, *fields = [base64.b64decode(field).decode() for field in line.split()]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.environ.clear()
        os.environ.update(zip(fields[::2], fields[1::2]))
        failed = 0
        try:
            runpy.run_path(file, run_name="__main__")
        except BaseException:
            failed = 1
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(failed)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        printed = pipe.read()
    failed = os.waitpid(child, 0)[1] != 0
    print("failed" if failed else "done", base64.b64encode(printed).decode(), flush=True)
`;

/** @returns asks the program, which is started now, to run one thing after the other */
function startMachine(t: Pick<Test, 'teardown'>, [file, ...args]: string[], cwd: string) {
  const machine: ChildProcess = spawn(file!, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(async () => {
    const ended = once(machine, 'exit');
    machine.stdin!.end();
    await ended;
  });
  const answers = createInterface({ input: machine.stdout! })[Symbol.asyncIterator]();
  let before: Promise<unknown> = Promise.resolve();

  async function ask(what: readonly string[], environment: Environment): Promise<string> {
    const fields = [...what, ...Object.entries(environment).flat()];
    machine.stdin!.write(
      `${fields.map((field) => Buffer.from(field).toString('base64')).join(' ')}\n`,
    );
    const { value = 'failed' } = await answers.next();
    const [outcome, printed = ''] = (value as string).split(' ');
    const text = Buffer.from(printed, 'base64').toString();
    if (outcome !== 'done') throw new Error(text);
    return text;
  }

  return (what: readonly string[], environment: Environment): Promise<string> => {
    const answer = before.then(() => ask(what, environment));
    before = answer.catch(() => undefined);
    return answer;
  };
}
