import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';

// Standard output as a process has it: each test runs a small program and reads what comes out of it.

const LOG_OUTPUT = fileURLToPath(new URL('../../src/doors/log-output.ts', import.meta.url));
const LINES = 20_000;
const WRITE_LINES = `for (let i = 0; i < ${LINES}; i++) output.write(\`line \${i} \\u00e9\\n\`);`;
const EXPECTED = Array.from({ length: LINES }, (_, i) => `line ${i} é\n`).join('');

const programOf = (
  ending: string,
) => `import { createLogOutput } from ${JSON.stringify(LOG_OUTPUT)};
  const output = createLogOutput();
  ${WRITE_LINES}
  ${ending}`;

function run(ending: string) {
  return spawn(process.execPath, ['--input-type=module', '--eval', programOf(ending)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function outputOf(ending: string) {
  const child = run(ending);
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { stdout, code };
}

for (const [how, ending, code] of [
  ['has nothing more to do', '', 0],
  ['settles before it exits', 'await output.settle(); process.exit(4);', 4],
] as const) {
  t.test(`every line comes out, once and in order, when a process ${how}`, async (t) => {
    const ended = await outputOf(ending);
    t.equal(ended.code, code);
    t.ok(ended.stdout === EXPECTED, `${ended.stdout.length} of ${EXPECTED.length} characters`);
  });
}

for (const [how, ending, code] of [
  ['exits', 'process.exit(3);', 3],
  ['ends by an error that nobody caught', 'throw new Error("nobody catches this");', 1],
] as const) {
  t.test(`every line comes out, once, when a process ${how} while it writes`, async (t) => {
    const ended = await outputOf(ending);
    t.equal(ended.code, code);
    // What another thread is writing this moment may come after what is written on the way out.
    const lines = (all: string) => all.split('\n').sort().join('\n');
    t.ok(
      lines(ended.stdout) === lines(EXPECTED),
      `${ended.stdout.length} of ${EXPECTED.length} characters`,
    );
  });
}

t.test('what was said last, in the turn of an exit, comes out', async (t) => {
  const ended = await outputOf(
    "setTimeout(() => { output.write('the last\\n'); process.exit(6); }, 300);",
  );
  t.equal(ended.code, 6);
  t.ok(ended.stdout === `${EXPECTED}the last\n`);
});

t.test('a line is written without another one after it, or an end', async (t) => {
  const child = run("output.write('the last\\n'); setInterval(() => {}, 1_000);");
  let written = '';
  for await (const piece of child.stdout.setEncoding('utf8')) {
    written += piece;
    if (written.endsWith('the last\n')) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.ok(written === `${EXPECTED}the last\n`);
});

t.test('a process whose log nobody reads any more still ends', async (t) => {
  const child = run('setTimeout(() => output.settle().then(() => process.exit(5)), 200);');
  child.stdout.destroy();
  const [code] = await once(child, 'exit');
  t.equal(code, 5);
});

for (const [how, ending] of [
  ['settles and exits', 'output.settle().then(() => process.exit(5));'],
  ['ends by an error that nobody caught', "throw new Error('nobody catches this');"],
] as const) {
  t.test(`a process ends whose log is held open and not read, when it ${how}`, async (t) => {
    // A pipe as a shell makes it: what Node gives its children takes more before it is full.
    const line = '{ "$0" --input-type=module --eval "$1"; echo "ended: $?" >&2; } | sleep 60';
    const program = programOf(`setTimeout(() => { ${ending} }, 1_000);`);
    const shell = spawn('bash', ['-c', line, process.execPath, program], {
      ...{ detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
    });
    t.teardown(() => process.kill(-shell.pid!));
    let said = '';
    for await (const piece of shell.stderr!.setEncoding('utf8')) {
      said += piece;
      if (said.includes('ended: ')) break;
    }
    // As one that was killed: it ends in no other way, and whoever supervises it starts it anew.
    t.match(said, /ended: 137/);
  });
}

t.test('what nobody reads is lost beyond a bound, and counted when it is read again', async (t) => {
  const child = run(`
    const megabyte = 'x'.repeat(1_000_000) + '\\n';
    for (let i = 0; i < 40; i++) output.write(megabyte);
    process.stderr.write('written');
    setTimeout(() => {}, 500);`);
  child.stdout.pause();
  await once(child.stderr, 'data');
  const lines = (await text(child.stdout)).trimEnd().split('\n');
  const { lost, msg } = JSON.parse(lines.at(-1)!);
  t.match(msg, 'lines of this log were lost, because nobody read it');
  const kept = lines.filter((line) => line.length === 1_000_000).length;
  t.ok(kept >= 10 && kept < 20, `${kept} megabytes were kept`);
  t.equal(kept + lost, 40);
});
