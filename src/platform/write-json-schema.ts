import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PlatformFile } from './schema.ts';

/** Where editors find the schema: the first line of each platform file names it. */
export const JSON_SCHEMA_PATH = fileURLToPath(
  new URL('../../platforms/platform.schema.json', import.meta.url),
);

/** The schema of the platform file as JSON Schema, for editors. Run this file to write it. */
export function platformJsonSchema(): string {
  const head = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    description: 'A Gatehouse platform file. Written by src/platform/write-json-schema.ts.',
  };
  return `${JSON.stringify({ ...head, ...PlatformFile }, null, 2)}\n`;
}

if (import.meta.main) await writeFile(JSON_SCHEMA_PATH, platformJsonSchema());
