import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** As Postgres names it. */
const socketName = (port: number) => `.s.PGSQL.${port}`;

/** The path of a socket has 103 bytes on some systems; Postgres' setting is a list of names. */
export function canHoldSocket(directory: string): boolean {
  const path = join(directory, socketName(65_535));
  return process.platform !== 'win32' && Buffer.byteLength(path) <= 103 && !/[,"]/.test(directory);
}

/** The same server by its Unix socket in a directory, if it has one there. */
export async function overSocket(
  connectionString: string,
  directory: string,
  port: number,
): Promise<string> {
  try {
    await access(join(directory, socketName(port)));
  } catch {
    return connectionString;
  }
  return `${connectionString}?host=${encodeURIComponent(directory)}`;
}
