import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What PATH has, and what Debian's packages of modules are for. */
const INTERPRETERS = ['python3', '/usr/bin/python3'];

/** An interpreter that has all these modules; undefined: there is none. */
export async function pythonWith(...modules: readonly string[]): Promise<string | undefined> {
  for (const interpreter of INTERPRETERS) {
    const tried = execute(interpreter, ['-c', `import ${modules.join(', ')}`]);
    if (
      await tried.then(
        () => true,
        () => false,
      )
    ) {
      return interpreter;
    }
  }
  return undefined;
}
