import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Of a folder in sdk/. */
export const sdkPath = (name: string) =>
  fileURLToPath(new URL(`../../sdk/${name}`, import.meta.url));

/** Whether a program is installed and runs. */
export const isInstalled = (program: string, argument: string) =>
  spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;

/**
 * Said aloud where a suite cannot run, since nobody reads what is skipped.
 *
 * @throws Error in CI, where all four languages are promised
 */
export function notice(language: string, program: string): string {
  const text = `sdk/${language} was NOT tested: ${program} is not installed`;
  if (process.env.CI) throw new Error(`${text}, and in CI nothing is left out`);
  process.stderr.write(`\n!!! ${text}\n\n`);
  return text;
}

/** Runs a program to its end and returns its exit code and all that it printed. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}
