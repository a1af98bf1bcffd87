import { fileURLToPath } from 'node:url';
import { freePort } from './gatehouse-process.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** A program of bench/servers/, told these facts as JSON. */
export async function startYardstick(
  file: string,
  ...facts: (object | string)[]
): Promise<ServerProcess> {
  const port = await freePort();
  return startServerProcess({
    file: fileURLToPath(new URL(`../servers/${file}.ts`, import.meta.url)),
    args: [String(port), ...facts.map((fact) => JSON.stringify(fact))],
    url: `http://127.0.0.1:${port}`,
  });
}
