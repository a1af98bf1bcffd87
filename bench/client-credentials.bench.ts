import { fileURLToPath } from 'node:url';
import { freePort, residentMiB, startGatehouseProcess } from './lib/gatehouse-process.ts';
import type { Harness } from './lib/harness.ts';
import { startServerProcess } from './lib/server-process.ts';

// The token road against its yardstick: oidc-provider alone, in memory, same algorithm, same kind of token.

export const name = 'client credentials';

export async function run(harness: Harness): Promise<void> {
  const port = await freePort();
  const bare = await startServerProcess({
    file: fileURLToPath(new URL('./servers/bare-provider.ts', import.meta.url)),
    args: [String(port)],
    url: `http://127.0.0.1:${port}`,
    readyPath: '/.well-known/openid-configuration',
  });
  const gatehouse = await startGatehouseProcess();
  try {
    const client = await gatehouse.manage<{ client_id: string; client_secret: string }>(
      '/clients',
      {
        name: 'Bench',
        grant_types: ['client_credentials'],
        scope: 'notes:read',
      },
    );
    const idle = await residentMiB(gatehouse.pid);
    const introspected = await tokenFrom(gatehouse.url, client);
    await harness.compare({
      title: 'Client credentials, JWT by ES256',
      rounds: 5,
      subjects: [
        {
          name: 'bare oidc-provider, in memory',
          url: bare.url,
          request: tokenRequest('/token', 'bench', 'bench-secret-of-thirty-two-bytes-or-more'),
        },
        {
          name: 'Gatehouse',
          url: gatehouse.url,
          request: tokenRequest('/oauth/token', client.client_id, client.client_secret),
        },
        {
          name: 'Gatehouse, introspection of a JWT',
          url: gatehouse.url,
          request: form(
            '/oauth/introspect',
            `token=${introspected}`,
            client.client_id,
            client.client_secret,
          ),
        },
      ],
    });
    const busy = await residentMiB(gatehouse.pid);
    console.log(
      `Start to ready (new database included): ${Math.round(gatehouse.startedInMs)} ms.\n` +
        `Resident memory: ${Math.round(idle)} MiB idle, ${Math.round(busy)} MiB after the load.\n`,
    );
  } finally {
    await gatehouse.stop();
    await bare.stop();
  }
}

function tokenRequest(path: string, id: string, secret: string) {
  return form(path, 'grant_type=client_credentials&scope=notes:read', id, secret);
}

function form(path: string, body: string, id: string, secret: string) {
  return {
    method: 'POST',
    path,
    body,
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
  };
}

async function tokenFrom(
  url: string,
  client: { client_id: string; client_secret: string },
): Promise<string> {
  const { path, ...init } = tokenRequest('/oauth/token', client.client_id, client.client_secret);
  const answer = (await (await fetch(url + path, init)).json()) as { access_token: string };
  return answer.access_token;
}
