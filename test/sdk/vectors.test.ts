import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { type ErrorRow, reachedWith } from '../../sdk/vectors/cases/presets.ts';
import { makeVectors } from '../../sdk/vectors/make.ts';
import { VECTORS } from './vectors.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../sdk/vectors/${name}`, import.meta.url), 'utf8');

t.test(
  'the made vectors are what the platform files and the signing code give today',
  async (t) => {
    const made = await makeVectors();
    t.same(Object.keys(made).sort(), [
      ...['assertions.json', 'errors.json', 'presets.json', 'webhooks.json'],
    ]);
    for (const [name, text] of Object.entries(made)) {
      t.ok(text === read(name), `${name} is current; if not: node sdk/vectors/make.ts`);
    }
  },
);

t.test('no file of cases is left out of what every language is asked about', async (t) => {
  const files = readdirSync(new URL('../../sdk/vectors/', import.meta.url))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
  t.same(files.toSorted(), [...VECTORS, 'presets', 'live'].toSorted());
});

t.test('every file says how it is read, and no two cases have one name', async (t) => {
  for (const file of VECTORS) {
    const { about, cases } = JSON.parse(read(`${file}.json`));
    t.match(about, /\w{3}/, file);
    const names = cases.map(({ name }: { name: string }) => name);
    t.ok(names.length >= 18, `${file} has ${names.length} cases`);
    t.same(
      names.filter((name: string, index: number) => names.indexOf(name) !== index),
      [],
      file,
    );
  }
});

t.test(
  'every reason of a platform is in its error table, and no row is out of reach',
  async (t) => {
    const { presets } = JSON.parse(read('presets.json'));
    t.same(Object.keys(presets), ['kliq', 'kaie', 'klen', 'kloakd']);
    for (const [name, { errorTable }] of Object.entries<{ errorTable: ErrorRow[] }>(presets)) {
      const rows = errorTable.map((row) => JSON.stringify(row));
      t.equal(new Set(rows).size, rows.length, name);
      for (const [index, row] of errorTable.entries()) {
        t.ok(reachedWith(row, errorTable), `${name}: ${rows[index]} is reached`);
        const wider = { ...row, message: null, credential: null, challenge: null };
        t.notSame(errorTable[index + 1], wider, `${name}: ${rows[index]} says more than the next`);
      }
      const reasons = new Set<string>(errorTable.map((row) => Reflect.get(row, 'reason')));
      for (const reason of [
        'insufficient_scope',
        'not_entitled',
        'rate_limited',
        'invalid_token',
      ]) {
        t.ok(reasons.has(reason), `${name}: ${reason}`);
      }
    }
  },
);
