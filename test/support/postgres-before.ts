import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ensureTemplate } from './postgres-server.ts';

// tap runs this before the test files (package.json, "tap"): see postgres-keeper.ts.

const outside = process.env.TEST_DATABASE_URL;
if (outside) {
  await ensureTemplate(outside);
} else {
  const program = fileURLToPath(new URL('postgres-keeper.ts', import.meta.url));
  const keeper = spawn(process.execPath, [program, String(process.ppid)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [answer] = await Promise.race([once(keeper, 'message'), once(keeper, 'exit')]);
  if (answer !== 'ready') {
    console.error('The test server does not start:', answer);
    process.exitCode = 1;
  }
  if (keeper.connected) keeper.disconnect();
  keeper.unref();
}
