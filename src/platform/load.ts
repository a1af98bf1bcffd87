import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toProblem } from './checks/check.ts';
import { CHECKS } from './checks/checks.ts';
import { toPlatform } from './normalise.ts';
import type { Platform } from './platform.ts';
import { PlatformFileError } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import type { PlatformFile } from './schema.ts';
import { checkSchema } from './schema-problems.ts';
import { didYouMean } from './suggest.ts';

/** The platform files that come with Gatehouse. */
const PLATFORMS = fileURLToPath(new URL('../../platforms/', import.meta.url));

/**
 * Reads a platform file.
 *
 * @param nameOrPath a bare name such as `kaie` is platforms/kaie.yaml beside the source; anything with a
 *   slash or an ending is a path, relative to the working directory
 * @throws PlatformFileError with every problem at once
 */
export async function loadPlatform(nameOrPath: string): Promise<Platform> {
  const bare = /^[a-z][a-z0-9_-]*$/.test(nameOrPath);
  const path = bare ? join(PLATFORMS, `${nameOrPath}.yaml`) : nameOrPath;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw await unreadable(nameOrPath, path, cause);
  }
  return parsePlatform(text, path);
}

/**
 * Holds the text of a platform file against schema and checks, and gives it its normal form.
 *
 * @param fileName what error messages call it
 * @throws PlatformFileError with every problem at once
 */
export function parsePlatform(text: string, fileName: string): Platform {
  const { value, lineOf } = readYaml(text, fileName);
  const { problems, file } = checkSchema(value, lineOf);
  for (const check of CHECKS) {
    for (const finding of check(file)) problems.push(toProblem(finding, lineOf));
  }
  if (problems.length > 0) throw new PlatformFileError(fileName, problems);
  return toPlatform(file as PlatformFile);
}

async function unreadable(
  nameOrPath: string,
  path: string,
  cause: unknown,
): Promise<PlatformFileError> {
  const code = (cause as NodeJS.ErrnoException).code;
  const names = await platformNames();
  const known = `Platforms that come with Gatehouse: ${names.join(', ')}.`;
  const guess = didYouMean(basename(nameOrPath).replace(/\.ya?ml$/, ''), names);
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'a directory',
    EACCES: 'a file this process may not read',
  };
  const found = reasons[code ?? ''] ?? String(code ?? cause);
  const hint = guess ? `${guess} ${known}` : known;
  const problem = { path: '', line: 0, expected: 'a platform file', found, hint };
  return new PlatformFileError(path, [problem], { cause });
}

async function platformNames(): Promise<string[]> {
  const files = await readdir(PLATFORMS).catch(() => []);
  return files.filter((file) => file.endsWith('.yaml')).map((file) => basename(file, '.yaml'));
}
