import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Finding, type Rule, readHouse, sampleHouse } from './tidy/house.ts';
import { exceptions, rules } from './tidy/rules.ts';

// Keeps the house in order, as TigerBeetle's src/tidy.zig does. The rules are in test/tidy.

const house = readHouse(fileURLToPath(new URL('..', import.meta.url)));

t.test('the house is in order', async (t) => {
  t.ok(house.files.length > 50, `${house.files.length} files were looked at`);
  for (const rule of rules) {
    t.test(rule.title, async (t) => {
      const findings = rule.check(house).filter((finding) => !isExcepted(rule, finding));
      t.pass('was looked at');
      for (const finding of findings) {
        t.fail(`${describe(finding)}: ${rule.mend}`, { at: placeOf(finding), stack: '' });
      }
    });
  }
});

t.test('every rule sees what it should', async (t) => {
  t.ok(rules.length >= 15, `${rules.length} rules`);
  for (const rule of rules) {
    t.test(rule.id, async (t) => {
      t.ok(rule.bad.length > 0, 'has bad samples');
      for (const files of rule.bad) {
        const findings = rule.check(sampleHouse(files));
        t.equal(findings.length, 1, `finds one thing in ${JSON.stringify(files).slice(0, 100)}`);
        t.ok(
          findings.every(({ line }) => line >= 1),
          'at a line',
        );
      }
      t.same(rule.check(sampleHouse(rule.good)), [], 'finds nothing in the good sample');
    });
  }
});

t.test('every exception names a rule, gives a reason and is needed', async (t) => {
  for (const { rule: id, path, reason } of exceptions) {
    const rule = rules.find((known) => known.id === id);
    t.ok(rule, `${id} is a rule`);
    t.match(reason, /\w+ \w+/, `${id} in ${path} has a reason`);
    const stillNeeded = rule?.check(house).some((finding) => finding.path === path);
    t.ok(stillNeeded, `${path} still breaks ${id}; if not, delete the exception`);
  }
});

function isExcepted(rule: Rule, finding: Finding): boolean {
  return exceptions.some(({ rule: id, path }) => id === rule.id && path === finding.path);
}

/** Where tap's reporters point to. */
function placeOf({ path, line }: Finding) {
  return { fileName: path, lineNumber: line, columnNumber: 1 };
}

function describe({ path, line, what }: Finding): string {
  return `${path}:${line} ${what}`;
}
