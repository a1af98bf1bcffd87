import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

async function checkDrift(schema: string): Promise<{ code: number; output: string }> {
  const check = spawn(process.execPath, [path('../../prisma/drift.ts'), schema]);
  const [[code], output, errors] = await Promise.all([
    once(check, 'exit'),
    text(check.stdout),
    text(check.stderr),
  ]);
  return { code, output: output + errors };
}

t.test('migrations and schema agree', async (t) => {
  const { code, output } = await checkDrift(path('../../prisma/schema.prisma'));
  t.equal(code, 0, output);
});

t.test('a column that no migration adds is found and named', async (t) => {
  const schema = await readFile(path('../../prisma/schema.prisma'), 'utf8');
  const copy = schema.replace('model User {', 'model User {\n  nickname String?');
  const file = join(t.testdir({ 'schema.prisma': copy }), 'schema.prisma');
  const { code, output } = await checkDrift(file);
  t.equal(code, 1);
  t.match(output, /ALTER TABLE "users" ADD COLUMN +"nickname" TEXT/);
});
