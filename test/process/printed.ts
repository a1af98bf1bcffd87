import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestUser } from '../support/gatehouse.ts';
import type { GatehouseProcess } from '../support/process.ts';
import { until } from '../webhooks/house.ts';

/** What the start prints for people to paste. */
export interface Printed {
  url: string;
  user: TestUser;
  curl: string;
  /** About a call with an API key. */
  keyCurl: string;
  clients: string[];
}

/** The end of it, which comes a moment after the process is ready. */
export const LAST_WORDS = 'DEMO=0 starts without any of this.\n';

export async function readPrinted(gatehouse: GatehouseProcess): Promise<Printed> {
  await until(() => gatehouse.stdout.includes(LAST_WORDS), 'what is printed');
  const { stdout } = gatehouse;
  const url = /^ +(http\S+\/oauth\/authorize\?\S+)$/m.exec(stdout)?.[1] ?? '';
  const [, email = '', password = ''] =
    /sign in as (\S+) with the password (\S+)/.exec(stdout) ?? [];
  const curl = /^ +(curl .*)$/m.exec(stdout)?.[1] ?? '';
  const keyCurl = /^ +(curl '(?:.*\\\n)*.*)$/m.exec(stdout)?.[1] ?? '';
  const service = /-u ([^:]+):/.exec(curl)?.[1] ?? '';
  const app = url ? (new URL(url).searchParams.get('client_id') ?? '') : '';
  const user = { email, password } as TestUser;
  return { url, user, curl, keyCurl, clients: [app, service] };
}

export const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Without blocking: the API that a command calls may be in this process. */
export const inShell = async (command: string) =>
  (await promisify(execFile)('bash', ['-c', command])).stdout;

/** What the call with the key prints: status line, headers, body. */
export async function runKeyCurl(command: string): Promise<string> {
  if (hasCurl) return (await inShell(command)).replaceAll('\r', '');
  const [url = '', ...headers] = Array.from(command.matchAll(/'([^']*)'/g), ([, text]) => text!);
  const response = await fetch(url, {
    headers: headers.map((header) => header.split(': ') as [string, string]),
  });
  const heard = Array.from(response.headers, ([name, value]) => `${name}: ${value}\n`).join('');
  return `HTTP/1.1 ${response.status} ${response.statusText}\n${heard}\n${await response.text()}`;
}
