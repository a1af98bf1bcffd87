import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type LiveServers, startLive } from '../../sdk/live/start.ts';
import { KliqClient, Kloakd } from '../../sdk/typescript/src/index.ts';
import { checkList, checkReport, isFor, lineOf, SCENARIOS } from './live-list.ts';
import { firstProgram, heardOf } from './readme.ts';
import { run } from './toolchain.ts';
import { failureOf, type PlatformName } from './typescript-fakes.ts';
import { installTypescript } from './typescript-package.ts';
import { clientOf, type Echo, play } from './typescript-scenarios.ts';

// @gatehouse/client against a started Gatehouse of each platform file, as its proxy.

/** The suites of other languages read the file that GATEHOUSE_LIVE names; so does this, where there is one. */
const outside = process.env.GATEHOUSE_LIVE;
const servers: LiveServers = outside
  ? JSON.parse(readFileSync(outside, 'utf8'))
  : (await startLive(t)).servers;

const reported: string[] = [];

for (const [name, server] of Object.entries(servers)) {
  const platform = name as PlatformName;
  for (const scenario of SCENARIOS) {
    t.test(`${platform}: ${scenario.name}`, async (t) => {
      if (isFor(scenario, server)) await play({ t: t as Test, platform, server, scenario });
      else t.pass('nothing to try there');
      if (t.passing()) reported.push(lineOf(platform, scenario, server));
    });
  }

  t.test(`${platform}: client credentials fetch one token for all calls`, async (t) => {
    const { clientId, clientSecret, issuer, allowed } = server;
    let fetches = 0;
    const counting: typeof fetch = (input, init) => {
      if (String(input) === `${issuer}/oauth/token`) fetches += 1;
      return fetch(input, init);
    };
    const client = clientOf(platform, server, { clientId, clientSecret, fetch: counting });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.get<Echo>(allowed.path)),
    );
    for (const { data } of answers) t.equal(data.headers['x-gatehouse-credential'], 'access_token');
    t.equal(fetches, 1);
  });
}

t.test('every scenario was played on all four platforms', async (t) => {
  checkReport(t as Test, reported.join('\n'), servers);
});

t.test('every scenario is for some platform, and says for which', async (t) => {
  checkList(t as Test, servers);
});

t.test('the README’s first program calls, as a package of its own has the client', async (t) => {
  const directory = t.testdir();
  await installTypescript(directory);
  const { code, env } = firstProgram('typescript', servers.kloakd);
  await writeFile(join(directory, 'discoveries.mts'), code);
  const { output } = await run(process.execPath, ['discoveries.mts'], { cwd: directory, env });
  t.match(output, heardOf(servers.kloakd));
});

// The documents' own examples. Their import names the package a platform publishes under; nothing else is adapted.

t.test('KLIQ: API Key Authentication', async (t) => {
  const { apiKey, baseUrl, allowed, organizationId } = servers.kliq;
  await withEnvironment({ KLIQ_API_KEY: apiKey, KLIQ_BASE_URL: baseUrl }, async () => {
    const kliq = new KliqClient({
      apiKey: process.env.KLIQ_API_KEY!,
    });

    const path = allowed.path.replace('{organization}', organizationId);
    t.equal((await kliq.get(path)).status, 200);
  });
});

t.test('KLIQ: JWT Token Authentication', async (t) => {
  const { apiKey, baseUrl, email, password, allowed, organizationId } = servers.kliq;
  const path = allowed.path.replace('{organization}', organizationId);
  await withEnvironment({ KLIQ_API_KEY: apiKey, KLIQ_BASE_URL: baseUrl }, async () => {
    const kliq = new KliqClient();
    // Exchange credentials for a token
    const { accessToken, refreshToken } = await kliq.auth.getToken({
      email,
      password,
    });

    // Use the token for subsequent requests
    const kliqAuth = new KliqClient({
      accessToken,
    });

    // Refresh when expired
    const newTokens = await kliq.auth.refresh(refreshToken);

    t.equal((await kliqAuth.get(path)).status, 200);
    const renewed = new KliqClient({ accessToken: newTokens.accessToken });
    t.equal((await renewed.get(path)).status, 200);
    const replayed = await failureOf(kliq.auth.refresh(refreshToken));
    t.equal(replayed.name, 'AuthenticationError', 'a refresh token is for one use');
  });
});

t.test('KLIQ: OAuth2 Client Credentials', async (t) => {
  const { clientId, clientSecret, baseUrl, allowed, organizationId } = servers.kliq;
  const environment = {
    ...{ KLIQ_CLIENT_ID: clientId, KLIQ_CLIENT_SECRET: clientSecret, KLIQ_BASE_URL: baseUrl },
  };
  await withEnvironment(environment, async () => {
    const kliq = new KliqClient({
      clientId: process.env.KLIQ_CLIENT_ID!,
      clientSecret: process.env.KLIQ_CLIENT_SECRET!,
    });

    // The SDK handles token acquisition and refresh automatically
    const path = allowed.path.replace('{organization}', organizationId);
    t.equal((await kliq.get(path)).status, 200);
  });
});

t.test('KLOAKD: SDK configuration, TypeScript', async (t) => {
  const { apiKey, organizationId, baseUrl, allowed } = servers.kloakd;
  await withEnvironment({ KLOAKD_BASE_URL: baseUrl }, async () => {
    const client = new Kloakd({
      apiKey,
      organizationId,
    });

    t.equal((await client.get(allowed.path)).status, 200);
  });
});

t.test('KLOAKD: all SDKs read KLOAKD_API_KEY and KLOAKD_ORG_ID automatically', async (t) => {
  const { apiKey, organizationId, baseUrl, allowed } = servers.kloakd;
  const environment = {
    ...{ KLOAKD_API_KEY: apiKey, KLOAKD_ORG_ID: organizationId, KLOAKD_BASE_URL: baseUrl },
  };
  await withEnvironment(environment, async () => {
    const { data } = await new Kloakd().get<Echo>(allowed.path);
    t.equal(data.headers['x-gatehouse-organization'], organizationId);
  });
});

async function withEnvironment(
  variables: Record<string, string>,
  work: () => Promise<void>,
): Promise<void> {
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}
