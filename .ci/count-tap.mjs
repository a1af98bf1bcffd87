// Counts what a run of tap asserted. Runs on Node 20, without packages.
//
//   node .ci/count-tap.mjs [--exit-code N] [--failed-step NAME]... [--expect FILE]... RUN.tap
//
// Prints what failed and, last, `N passed, N failed`. A leaf of the tree of tests counts as one; so does
// a file or subtest that failed although none of its leaves did (it crashed, was killed or timed out), a
// test file that was expected and did not report or asserted nothing, a failed step, and a run whose exit
// code is not 0 although nothing in it failed. Left out and to-do tests count as neither.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * @typedef {object} Point one line `ok` or `not ok`, with what came before it one level deeper
 * @property {boolean} ok
 * @property {string} name
 * @property {string | undefined} directive in capitals, when the test was left out or is yet to be done
 * @property {Point[]} children
 */

/** Spaces by which a subtest's lines are moved in. */
const INDENT = 4;

/**
 * Reads the tree of test points; what is not TAP is passed over.
 *
 * @param {string} text
 * @returns {Point[]}
 */
function parseTap(text) {
  /** @type {Point[][]} the points whose parent's line is yet to come, by depth */
  const open = [[]];
  /** @type {Point[]} the points whose children follow in braces, by depth */
  const braced = [];
  for (const line of withoutDiagnostics(text)) {
    const [, indent = '', kind = ''] = /^( *)(ok\b|not ok\b|\}$|Bail out!)/.exec(line) ?? [];
    if (kind === '' || indent.length % INDENT !== 0) continue;
    const depth = indent.length / INDENT;
    const children = open.splice(depth + 1).flat();
    while (open.length <= depth) open.push([]);
    if (kind === '}') {
      braced[depth]?.children.push(...children);
      braced.length = depth;
      continue;
    }
    const point = { ...readPoint(line.trim()), children };
    open[depth].push(point);
    if (line.endsWith(' {')) braced[depth] = point;
  }
  return open.flat();
}

/** Without the YAML blocks below test points: they quote source and output. */
function* withoutDiagnostics(text) {
  let end = '';
  for (const line of text.split(/\r?\n/)) {
    const block = /^( *)---$/.exec(line);
    if (end !== '') {
      if (line === end) end = '';
    } else if (block && block[1].length % INDENT === 2) {
      end = `${block[1]}...`;
    } else {
      yield line;
    }
  }
}

/** @param {string} line */
function readPoint(line) {
  const bailOut = line.startsWith('Bail out!');
  const [, text = line] = /^(?:not )?ok\b(?: +\d+)?(?: +-)? *(.*?)(?: \{)?$/.exec(line) ?? [];
  const [, name = text, directive] = /^(.*?)\s*#\s*(?:(SKIP|TODO)\b.*|time=.*)$/i.exec(text) ?? [];
  return { ok: !bailOut && line.startsWith('ok'), name, directive: directive?.toUpperCase() };
}

/**
 * @param {Point[]} points
 * @param {string[]} path names of the points above
 * @returns {{ passed: number, failures: string[] }}
 */
function count(points, path = []) {
  let passed = 0;
  const failures = [];
  for (const point of points) {
    const place = [...path, point.name];
    if (point.children.length > 0) {
      const below = count(point.children, place);
      passed += below.passed;
      failures.push(...below.failures);
      if (point.ok || below.failures.length > 0 || point.directive) continue;
      failures.push(place.join(' > '));
    } else if (point.directive) {
      // Neither passed nor failed.
    } else if (point.ok) {
      passed += 1;
    } else {
      failures.push(place.join(' > '));
    }
  }
  return { passed, failures };
}

/** @param {Point[]} points @param {string[]} expected */
function findSilentFiles(points, expected) {
  return expected.flatMap((file) => {
    const point = points.find(({ name }) => name === file);
    if (!point) return [`${file} did not report: the run ended before it`];
    const { passed, failures } = count([point]);
    return passed + failures.length === 0 ? [`${file} asserted nothing`] : [];
  });
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'exit-code': { type: 'string', default: '0' },
      'failed-step': { type: 'string', multiple: true, default: [] },
      expect: { type: 'string', multiple: true, default: [] },
    },
  });
  const points = positionals.flatMap((file) => parseTap(readFileSync(file, 'utf8')));
  const { passed, failures } = count(points);
  failures.push(...findSilentFiles(points, values.expect));
  if (passed + failures.length === 0) failures.push('no test was executed');
  const exitCode = values['exit-code'];
  if (failures.length === 0 && exitCode !== '0') {
    failures.push(`nothing failed, but the tests ended with exit code ${exitCode}`);
  }
  failures.push(...values['failed-step'].map((step) => `${step} failed`));
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

main();
