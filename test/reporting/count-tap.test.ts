import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

// .ci/run counts what tap says by .ci/count-tap.mjs. Here real runs of tap show that nothing that goes
// wrong is counted as if it went well.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COUNTER = join(ROOT, '.ci/count-tap.mjs');
const TAP = join(ROOT, 'node_modules/tap/dist/esm/run.mjs');

const PASSES = `
import t from 'tap';
t.test('outer', async (t) => {
  t.ok(true);
  t.test('inner', async (t) => {
    t.ok(true);
    t.match('text', /x/);
  });
});
console.log('okay, this is no TAP');
`;

interface Outcome {
  code: number | null;
  output: string;
}

function run(args: string[], cwd = ROOT): Promise<Outcome> {
  // What the tap around this test told its children would lead the inner one astray.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(_?TAP|NODE_OPTIONS|NODE_V8)/.test(name)),
  );
  const child = spawn(process.execPath, args, {
    ...{ cwd, env: { ...env, TAP_REPORTER: 'tap' } },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

/** A package of its own whose tests tap runs; then the counter judges. */
async function runSuite(
  t: Test,
  tests: Record<string, string>,
  timeoutSeconds = 100,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-count-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, 'test'));
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const tap = {
    plugin: ['!@tapjs/typescript'],
    include: ['test/*.test.ts'],
    timeout: timeoutSeconds,
    'disable-coverage': true,
    'allow-empty-coverage': true,
    jobs: 2,
  };
  await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'module', tap }));
  for (const [name, text] of Object.entries(tests)) {
    await writeFile(join(directory, 'test', `${name}.test.ts`), text);
  }
  const { code, output } = await run([TAP], directory);
  const files = Object.keys(tests).flatMap((name) => ['--expect', `test/${name}.test.ts`]);
  await writeFile(join(directory, 'run.tap'), output);
  return run([COUNTER, '--exit-code', String(code), ...files, join(directory, 'run.tap')]);
}

async function countText(t: Test, text: string, ...options: string[]): Promise<Outcome> {
  const file = join(t.testdir({ 'run.tap': text }), 'run.tap');
  return run([COUNTER, ...options, file]);
}

const lastLine = (outcome: Outcome) => outcome.output.trimEnd().split('\n').at(-1);

t.test('counts assertions, at every depth, when all is well', async (t) => {
  const outcome = await runSuite(t, { a: PASSES, b: PASSES });
  t.equal(outcome.output, '6 passed, 0 failed\n', 'and says nothing else');
  t.equal(outcome.code, 0);
});

t.test('counts a failed assertion once, not again for each test around it', async (t) => {
  const outcome = await runSuite(t, { a: PASSES, b: PASSES.replace('/x/', '/y/') });
  t.equal(lastLine(outcome), '5 passed, 1 failed');
  t.match(outcome.output, 'failed: test/b.test.ts > outer > inner > ', 'and says which');
  t.equal(outcome.code, 1);
});

t.test('counts a process that ends in the middle of a test, even with exit code 0', async (t) => {
  const crash = `${PASSES}t.test('ends', async (t) => { t.ok(true); process.exit(0); });`;
  const outcome = await runSuite(t, { a: PASSES, crash });
  t.equal(outcome.code, 1);
  t.match(lastLine(outcome), /^\d+ passed, [1-9]\d* failed$/);
});

t.test('counts a file that throws, one that does not parse and one that is killed', async (t) => {
  const outcome = await runSuite(t, {
    killed:
      "import t from 'tap'; t.ok(true); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});",
    syntax: 'const a b;',
    throws: "import t from 'tap'; t.ok(true); throw new Error('on purpose');",
  });
  // What the killed one had asserted may be lost with it.
  t.match(lastLine(outcome), /^[12] passed, 3 failed$/);
  for (const name of ['killed', 'syntax', 'throws']) {
    t.match(outcome.output, `failed: test/${name}.test.ts`);
  }
  t.equal(outcome.code, 1);
});

t.test('counts a test that hangs, and the files that never had their turn', async (t) => {
  const hangs =
    "import t from 'tap'; t.test('hangs', async () => { setInterval(() => {}, 9); await new Promise(() => {}); });";
  const outcome = await runSuite(t, { a: PASSES, hangs, z: PASSES }, 3);
  t.equal(outcome.code, 1);
  t.match(outcome.output, /failed: test\/hangs\.test\.ts/);
});

t.test('counts a file that asserts nothing', async (t) => {
  const outcome = await runSuite(t, { a: PASSES, empty: 'export {};' });
  t.equal(lastLine(outcome), '3 passed, 1 failed');
  t.match(outcome.output, 'test/empty.test.ts asserted nothing');
  t.equal(outcome.code, 1);
});

t.test('a run in which no test was executed has failed', async (t) => {
  for (const text of ['', 'TAP version 14\n1..0 # no tests found\n', 'Segmentation fault\n']) {
    const outcome = await countText(t, text);
    t.equal(lastLine(outcome), '0 passed, 1 failed');
    t.equal(outcome.code, 1);
  }
});

t.test('a file that was expected and did not report has failed', async (t) => {
  const text = 'ok 1 - test/a.test.ts\n';
  const outcome = await countText(
    t,
    text,
    '--expect',
    'test/a.test.ts',
    '--expect',
    'test/b.test.ts',
  );
  t.equal(lastLine(outcome), '1 passed, 1 failed');
  t.match(outcome.output, 'test/b.test.ts did not report');
});

t.test('a failed step and an unexplained exit code are failures', async (t) => {
  const step = await countText(t, 'ok 1 - a\n', '--failed-step', 'npm run check');
  t.equal(step.output, 'failed: npm run check failed\n1 passed, 1 failed\n');
  const exit = await countText(t, 'ok 1 - a\n', '--exit-code', '7');
  t.equal(lastLine(exit), '1 passed, 1 failed');
  t.equal(exit.code, 1);
});

t.test('reads TAP with braces, diagnostics, directives and a bail-out', async (t) => {
  const text = [
    'ok 1 - braces {',
    '    ok 1 - x',
    '    not ok 2 - y',
    '      ---',
    '      source: |',
    '        ok 9 - quoted',
    'not ok 9 - quoted',
    '      ...',
    '}',
    'ok 2 - later # SKIP not here',
    'not ok 3 - some day # TODO',
    '# ok 4 - a comment',
    'okay 5',
    'ok 6 - a name # with a hash # time=3ms',
    'Bail out! no more',
  ].join('\n');
  const outcome = await countText(t, text);
  t.same(outcome.output.trimEnd().split('\n'), [
    'failed: braces > y',
    'failed: Bail out! no more',
    '2 passed, 2 failed',
  ]);
});
