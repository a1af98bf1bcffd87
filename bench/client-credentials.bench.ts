import { fileURLToPath } from 'node:url';
import { freePort, type GatehouseProcess, startGatehouseProcess } from './lib/gatehouse-process.ts';
import type { Harness, Report } from './lib/harness.ts';
import { residentMiB } from './lib/memory.ts';
import { type ServerProcess, startServerProcess } from './lib/server-process.ts';

// The token road against its yardstick: oidc-provider alone, in memory, same algorithm, same kind of token.

export const name = 'client credentials';

const BARE = 'bare oidc-provider, in memory';

/** Some thirty thousand tokens: both are compiled by then, and neither is measured while it still warms. */
const WARM_UP_SECONDS = 10;

interface Client {
  client_id: string;
  client_secret: string;
}

export async function run(harness: Harness): Promise<void> {
  const bare = await startBareProvider();
  const gatehouse = await startGatehouseProcess();
  try {
    const idleMiB = await residentMiB(gatehouse.pid);
    const client = await gatehouse.manage<Client>('/clients', {
      name: 'Bench',
      grant_types: ['client_credentials'],
      scope: 'notes:read',
    });
    const issuing = await compareIssuing(harness, bare, gatehouse, client);
    const inspecting = await measureIntrospection(harness, gatehouse, client);
    harness.record({
      title: 'Start and memory of Gatehouse (its process, without its Postgres)',
      facts: [
        {
          name: 'start to ready, new database included',
          value: gatehouse.startedInMs,
          unit: 'ms',
        },
        { name: 'resident, idle', value: idleMiB, unit: 'MiB' },
        { name: 'resident at most, issuing tokens', value: peakOf(issuing), unit: 'MiB' },
        { name: 'resident at most, introspecting', value: peakOf(inspecting), unit: 'MiB' },
      ],
    });
  } finally {
    await gatehouse.stop();
    await bare.stop();
  }
}

const peakOf = ({ rows }: Report) => rows.find((row) => row.name.startsWith('Gatehouse'))?.peakMiB;

async function startBareProvider(): Promise<ServerProcess> {
  const port = await freePort();
  return startServerProcess({
    file: fileURLToPath(new URL('./servers/bare-provider.ts', import.meta.url)),
    args: [String(port)],
    url: `http://127.0.0.1:${port}`,
    readyPath: '/.well-known/openid-configuration',
  });
}

const compareIssuing = (
  harness: Harness,
  bare: ServerProcess,
  gatehouse: GatehouseProcess,
  client: Client,
) =>
  harness.compare({
    title: 'Client credentials, JWT by ES256',
    baseline: BARE,
    targets: [{ subject: 'Gatehouse', atLeast: 0.8 }],
    rounds: 9,
    subjects: [
      {
        name: BARE,
        url: bare.url,
        pid: bare.pid,
        warmUpSeconds: WARM_UP_SECONDS,
        request: tokenRequest('/token', {
          client_id: 'bench',
          client_secret: 'bench-secret-of-thirty-two-bytes-or-more',
        }),
      },
      {
        name: 'Gatehouse',
        url: gatehouse.url,
        pid: gatehouse.pid,
        warmUpSeconds: WARM_UP_SECONDS,
        request: tokenRequest('/oauth/token', client),
      },
    ],
  });

/** By itself: the bare provider has nothing to compare it with, since it introspects no JWT. */
async function measureIntrospection(harness: Harness, gatehouse: GatehouseProcess, client: Client) {
  const token = await tokenFrom(gatehouse.url, client);
  return harness.compare({
    title: 'Introspection of a JWT',
    subjects: [
      {
        name: 'Gatehouse',
        url: gatehouse.url,
        pid: gatehouse.pid,
        request: form('/oauth/introspect', `token=${token}`, client),
      },
    ],
  });
}

const tokenRequest = (path: string, client: Client) =>
  form(path, 'grant_type=client_credentials&scope=notes:read', client);

function form(path: string, body: string, { client_id, client_secret }: Client) {
  return {
    method: 'POST',
    path,
    body,
    headers: {
      authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
  };
}

async function tokenFrom(url: string, client: Client): Promise<string> {
  const { path, ...init } = tokenRequest('/oauth/token', client);
  const answer = (await (await fetch(url + path, init)).json()) as { access_token: string };
  return answer.access_token;
}
