import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, sdkPath } from './toolchain.ts';

/**
 * Builds @gatehouse/client into the node_modules of a folder, as npm would unpack it there.
 *
 * @returns where the package is
 */
export async function installTypescript(directory: string): Promise<string> {
  const sources = sdkPath('typescript');
  const place = join(directory, 'node_modules/@gatehouse/client');
  await cp(join(sources, 'package.json'), join(place, 'package.json'));
  const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const build = [compiler, '-p', 'tsconfig.build.json', '--outDir', join(place, 'dist')];
  const { code, output } = await run(process.execPath, build, { cwd: sources });
  if (code !== 0) throw new Error(output);
  return place;
}
