import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assertions } from './cases/assertions.ts';
import { errors } from './cases/errors.ts';
import { presets } from './cases/presets.ts';
import { webhooks } from './cases/webhooks.ts';

const placeOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The text of each file that is made, by its name. Unchanged where nothing it comes from has changed. */
export async function makeVectors(): Promise<Record<string, string>> {
  const path = placeOf('assertions.json');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const all = {
    'presets.json': await presets(),
    'errors.json': await errors(),
    'webhooks.json': webhooks(),
    'assertions.json': assertions(before),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]),
  );
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await makeVectors()))
    writeFileSync(placeOf(name), text);
}
