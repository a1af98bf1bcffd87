import { readFileSync } from 'node:fs';
import { createMasterKey } from '../../src/lib/master-key.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openWorker } from './house.ts';

// A worker in a process of its own, to be killed; told what it needs by standard input.

const { connectionString, masterKey, platform } = JSON.parse(readFileSync(0, 'utf8')) as {
  connectionString: string;
  masterKey: string;
  platform: Platform;
};
const worker = await openWorker(
  { teardown: () => {} },
  {
    ...{ connectionString, platform, clock: { now: () => new Date() } },
    masterKey: createMasterKey(Buffer.from(masterKey, 'base64')),
    targets: { allowPrivateTargets: true, allowHttp: true },
    timing: { timeoutMs: 1_000, leaseMs: 2_000, pollMs: 100, backoff: () => 150 },
  },
);
worker.start();
process.stdout.write('started\n');
setInterval(() => {}, 60_000);
