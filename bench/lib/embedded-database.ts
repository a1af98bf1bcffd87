import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { overSocket } from '../../src/database/local-socket.ts';
import { findPostmaster } from '../../src/database/postmaster.ts';

/** The embedded database of a started Gatehouse, by the way it goes itself. */
export async function embeddedDatabase(dataDir: string): Promise<string> {
  const directory = join(dataDir, 'postgres');
  const { port } = (await findPostmaster(directory))!;
  const password = (await readFile(join(directory, 'gatehouse.password'), 'utf8')).trim();
  const tcp = `postgresql://gatehouse:${encodeURIComponent(password)}@127.0.0.1:${port}/gatehouse`;
  return overSocket(tcp, directory, port);
}
