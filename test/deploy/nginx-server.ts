import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { freePort } from '../support/gatehouse.ts';
import { readDeployed } from './gated-api.ts';

export const CONFIGURATION = readDeployed('nginx.conf');

/** The file with this machine's places and ports; everything else as it is. */
function adapt(places: {
  directory: string;
  port: number;
  upstreams: number[];
  readTimeout: string;
}): string {
  const { directory, port, upstreams, readTimeout } = places;
  return CONFIGURATION.replaceAll('/tmp/', `${directory}/`)
    .replace('/dev/stdout', `${directory}/access.log`)
    .replace('/dev/stderr', `${directory}/error.log`)
    .replace('include /etc/nginx/mime.types;', '')
    .replace('proxy_read_timeout 30s;', `proxy_read_timeout ${readTimeout};`)
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replace('gatehouse-1:3000', `127.0.0.1:${upstreams[0]}`)
    .replace('gatehouse-2:3000', `127.0.0.1:${upstreams[1]}`);
}

export interface Nginx {
  port: number;
  accessLog(): string;
  /** Everything it wrote. */
  logs(): string;
}

/**
 * A real nginx with deploy/nginx.conf, stopped when the test ends.
 *
 * @param upstreams the ports of the two processes; nobody needs to listen there yet
 * @param readTimeout how long it waits for an answer; default what the file says
 */
export async function startNginx(
  t: Test,
  program: string,
  upstreams: number[],
  readTimeout = '30s',
): Promise<Nginx> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-nginx-'));
  // Root's workers run as another user.
  await chmod(directory, 0o777);
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  await writeFile(file, adapt({ directory, port, upstreams, readTimeout }));
  const arguments_ = ['-p', directory, '-c', file];
  const check = spawnSync(program, [...arguments_, '-t'], { encoding: 'utf8' });
  t.equal(check.status, 0, `nginx -t: ${check.stderr}`);
  const nginx = spawn(program, [...arguments_, '-g', 'daemon off;'], { stdio: 'ignore' });
  t.teardown(async () => {
    await stop(nginx);
    await rm(directory, { recursive: true, force: true });
  });
  for (let tries = 0; tries < 200 && !(await answers(port)); tries += 1) await sleep(25);
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return {
    port,
    accessLog: () => read('access.log'),
    logs: () => read('access.log') + read('error.log'),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** By the path that it answers itself. */
const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/metrics`).then(
    async (answer) => (await answer.arrayBuffer()).byteLength >= 0,
    () => false,
  );
