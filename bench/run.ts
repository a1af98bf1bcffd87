import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createHarness, type Harness } from './lib/harness.ts';

// `npm run bench [word...]`: runs every bench/*.bench.ts whose file name has one of the words, prints tables
// and writes bench/results.json. BENCH_SECONDS and BENCH_ROUNDS make it shorter or longer. Figures are this
// machine's, so the file isn't tracked; ratios hold better.

/** What a bench/*.bench.ts exports. */
export interface Bench {
  name: string;
  run(harness: Harness): Promise<void>;
}

const DIRECTORY = new URL('.', import.meta.url);

function findBenches(words: string[]): string[] {
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.bench.ts'));
  return files
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
}

function describeMachine() {
  const processors = cpus();
  return {
    node: process.version,
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    commit: currentCommit(),
    at: new Date().toISOString(),
  };
}

function currentCommit(): string {
  try {
    const options = { cwd: fileURLToPath(DIRECTORY), encoding: 'utf8' } as const;
    return execFileSync('git', ['describe', '--always', '--dirty'], options).trim();
  } catch {
    return 'unknown';
  }
}

function numberFrom(name: string): number | undefined {
  const value = Number(process.env[name]);
  return value > 0 ? value : undefined;
}

const files = findBenches(process.argv.slice(2));
if (files.length === 0) {
  console.error('There is no bench of that name in bench/.');
  process.exit(1);
}

const machine = describeMachine();
console.log(
  `Node ${machine.node}, ${machine.processors} × ${machine.processor}, ${machine.commit}\n`,
);
const harness = createHarness({
  print: (text) => console.log(text),
  seconds: numberFrom('BENCH_SECONDS'),
  rounds: numberFrom('BENCH_ROUNDS'),
});
const failed: string[] = [];
for (const file of files) {
  try {
    const bench = (await import(new URL(file, DIRECTORY).href)) as Bench;
    console.log(`# ${bench.name}\n`);
    await bench.run(harness);
  } catch (error) {
    failed.push(file);
    console.error(`${file} failed:`, error);
  }
}
const results = fileURLToPath(new URL('results.json', DIRECTORY));
writeFileSync(results, `${JSON.stringify({ machine, reports: harness.reports }, null, 2)}\n`);
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
