import type { PartialPlatformFile } from '../schema-problems.ts';
import { type Finding, unknownNames } from './check.ts';

/** What is said of something in `documentation` is said of something that is there. */
export function* documentedNames(file: PartialPlatformFile): Iterable<Finding> {
  const { documentation = {} } = file;
  for (const section of ['scopes', 'permission_sets', 'key_environments', 'limits'] as const) {
    for (const name of Object.keys(documentation[section] ?? {})) {
      yield* unknownNames(file, section, name, ['documentation', section, name]);
    }
  }
}
