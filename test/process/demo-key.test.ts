import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startEcho } from '../../sdk/live/echo.ts';
import { type GatehouseProcess, newDataDir, spawnGatehouse } from '../support/process.ts';
import { readPrinted, runKeyCurl } from './printed.ts';

// The third thing that the start prints: a call with an API key. One data directory, whose demo follows the
// platform file it is started with.

const dataDir = await newDataDir(t);
const PASSES = /^HTTP\/1\.1 200 OK\n/;

const start = (environment: Record<string, string>) =>
  spawnGatehouse(t, { environment: { DEMO: undefined, DATA_DIR: dataDir, ...environment } });

const files = (await readdir('platforms')).filter((name) => name.endsWith('.yaml'));
t.ok(files.length >= 5);
for (const platform of files.map((file) => file.replace('.yaml', ''))) {
  t.test(
    `${platform}: the call with a key passes as it is printed`,
    { timeout: 180_000 },
    async (t) => {
      const gatehouse = await start({ PLATFORM: platform });
      const answer = await runKeyCurl((await readPrinted(gatehouse)).keyCurl);
      t.match(answer, PASSES);
      t.match(answer, /^x-gatehouse-credential: api_key$/m, 'the gate says who calls');
      const active = (await demoKeys(gatehouse)).filter(({ status }) => status === 'active');
      t.match(active, [{ name: 'Demo Key' }], 'one key, and none of another platform');
      t.equal(await gatehouse.kill(), 0);
    },
  );
}

t.test(
  'a key that was revoked meanwhile makes room for another',
  { timeout: 180_000 },
  async (t) => {
    const before = await start({ PLATFORM: 'kloakd' });
    const { keyCurl: old } = await readPrinted(before);
    const key = (await demoKeys(before)).find(({ status }) => status === 'active');
    await manage(before, 'DELETE', `/api-keys/${key?.id}`);
    t.match(await runKeyCurl(old), /^HTTP\/1\.1 401 /);
    t.equal(await before.kill(), 0);

    const after = await start({ PLATFORM: 'kloakd', UPSTREAM: await startEcho(t) });
    const { keyCurl } = await readPrinted(after);
    const answer = await runKeyCurl(keyCurl);
    t.match(answer, PASSES);

    await t.test('with an UPSTREAM it is the API itself that answers', async (t) => {
      t.notMatch(keyCurl, '/gate/');
      const { path, headers } = JSON.parse(answer.slice(answer.indexOf('\n\n')));
      t.match(path, /^\/api\/v1\/organizations\/[\w-]+\/discoveries$/);
      t.match(headers, { 'x-gatehouse-credential': 'api_key' });
    });
    t.equal(await after.kill(), 0);
  },
);

interface ListedKey {
  id: string;
  name: string;
  status: string;
}

const demoKeys = async (gatehouse: GatehouseProcess): Promise<ListedKey[]> =>
  JSON.parse(await manage(gatehouse, 'GET', '/api-keys')).data;

/** As the operator, with the key that the first start made. */
async function manage({ issuer }: GatehouseProcess, method: string, path: string): Promise<string> {
  const adminKey = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim();
  const response = await fetch(`${issuer}/manage/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}` },
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.text();
}
