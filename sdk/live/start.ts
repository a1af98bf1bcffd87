import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKey } from '../../src/credentials/key-format.ts';
import { newWebhookSecret, signatureHeaders } from '../../src/webhooks/signatures.ts';
import { type Desk, openDesk } from '../../test/gate/desk.ts';
import { newClient } from '../../test/platforms/caller.ts';
import { createUser } from '../../test/support/gatehouse.ts';
import { ASKS, type Ask } from './asks.ts';
import { startEcho } from './echo.ts';

// Whole servers, one for each platform file, for the clients of every language to call. As a program:
//   node sdk/live/start.ts [file]
// prints one line of JSON, { "kliq": LiveServer, … }, also into the file, and serves until SIGTERM or SIGINT.

type Test = { teardown(work: () => Promise<void>): unknown };

/** What a live suite is told of one server: an API behind Gatehouse as its proxy. */
export interface LiveServer {
  readonly platform: string;
  /** Of the API, and of Gatehouse, which is its proxy. */
  readonly baseUrl: string;
  readonly issuer: string;
  /** `aud` of what is for the API. */
  readonly audience: string;
  readonly organizationId: string;
  /** The id of another one, for which nothing here is good. */
  readonly otherOrganizationId: string;
  /** With every scope. */
  readonly apiKey: string;
  /** With the scope of `allowed` only. */
  readonly narrowApiKey: string;
  /** Well-formed, and unknown. */
  readonly wrongApiKey: string;
  /** With a letter that is another: its checksum is wrong. */
  readonly mistypedApiKey: string;
  /** With every scope, and one request a minute; null: the platform has no limits of keys. */
  readonly limitedApiKey: string | null;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly wrongClientSecret: string;
  /** Of the client, with every scope, for as long as such tokens last. */
  readonly accessToken: string;
  /** Owns the organization. */
  readonly email: string;
  readonly password: string;
  readonly wrongPassword: string;
  /** Whether email and password buy tokens here. */
  readonly hasUserTokens: boolean;
  /** Whether the path of `allowed` names the organization. */
  readonly hasOrganizationPaths: boolean;
  /** Paths have {organization} where it belongs. The answer is JSON: { method, path, headers, body }. */
  readonly allowed: Ask;
  /** What narrowApiKey may not. */
  readonly forbidden: Ask;
  /** What the plan does not include; null: there are no plans. */
  readonly notEntitled: Ask | null;
  /** A delivery as Gatehouse signs it, of the moment of the start. */
  readonly webhook: {
    readonly secret: string;
    readonly payload: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}

export type LiveServers = Readonly<Record<keyof typeof ASKS, LiveServer>>;

/**
 * Starts all four, which stop with the test.
 *
 * @returns path: of the JSON file that GATEHOUSE_LIVE names for the suites
 */
export async function startLive(t: Test): Promise<{ path: string; servers: LiveServers }> {
  const upstream = await startEcho(t);
  const entries: [string, LiveServer][] = [];
  for (const platform of Object.keys(ASKS) as (keyof typeof ASKS)[]) {
    entries.push([platform, await startOne(t, platform, upstream)]);
  }
  const servers = Object.fromEntries(entries) as LiveServers;
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-live-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'live.json');
  await writeFile(path, JSON.stringify(servers), { mode: 0o600 });
  return { path, servers };
}

async function startOne(
  t: Test,
  platform: keyof typeof ASKS,
  upstream: string,
): Promise<LiveServer> {
  const desk = await openDesk(t as never, platform, { environment: { UPSTREAM: upstream } });
  const { gatehouse } = desk;
  const user = await createUser(gatehouse);
  const { organizationId, email, password } = user;
  const asks = ASKS[platform];
  const all = gatehouse.platform.scopes.map(({ name }) => name);
  const client = await newClient(desk, {
    ...{ organization_id: organizationId, grant_types: ['client_credentials'] },
    scope: all.join(' '),
  });
  const keyWith = async (scopes: readonly string[], more: object = {}) =>
    (await desk.key(organizationId, { scopes, ...more })).key;
  const apiKey = await keyWith(all);
  return {
    ...{ platform, organizationId, email, password, apiKey },
    ...{ baseUrl: gatehouse.address, issuer: gatehouse.issuer },
    audience: gatehouse.platform.api.identifier,
    otherOrganizationId: await desk.organization(),
    narrowApiKey: await keyWith([asks.allowed.scope]),
    wrongApiKey: newKey(prefixOf(desk, apiKey)),
    mistypedApiKey: apiKey.slice(0, -1) + (apiKey.endsWith('a') ? 'b' : 'a'),
    limitedApiKey: asks.limit ? await keyWith(all, { limits: { [asks.limit]: 1 } }) : null,
    ...{ clientId: client.clientId, clientSecret: client.secret },
    ...{ wrongClientSecret: 'ghcs_no-client-has-this', wrongPassword: 'nobody has this password' },
    accessToken: await tokenOf(gatehouse.issuer, client),
    hasUserTokens: gatehouse.platform.userTokens.enabled,
    hasOrganizationPaths: asks.allowed.path.includes('{organization}'),
    ...{ allowed: asks.allowed, forbidden: asks.forbidden, notEntitled: asks.notEntitled },
    webhook: signedDelivery(desk),
  };
}

/** Fetched without an SDK. */
async function tokenOf(issuer: string, client: { clientId: string; secret: string }) {
  const answer = await fetch(`${issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.clientId}:${client.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

function prefixOf({ gatehouse }: Desk, apiKey: string): string {
  const environment = gatehouse.platform.keyEnvironments.find(({ prefix }) =>
    apiKey.startsWith(prefix),
  );
  if (!environment) throw new Error('a key of no environment');
  return environment.prefix;
}

function signedDelivery({ gatehouse }: Desk): LiveServer['webhook'] {
  const secret = newWebhookSecret();
  const payload = JSON.stringify({ type: 'example.happened', data: { text: 'Grüße, 世界' } });
  const timestamp = Math.floor(Date.now() / 1000);
  const message = { id: `msg_${randomUUID()}`, timestamp, body: payload };
  return {
    ...{ secret, payload },
    headers: signatureHeaders(message, [secret], gatehouse.platform.webhooks),
  };
}

async function main([file]: readonly string[]): Promise<void> {
  const work: (() => Promise<void>)[] = [];
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const { servers } = await startLive({ teardown: (step) => work.unshift(step) });
  const text = JSON.stringify(servers);
  if (file) await writeFile(file, text, { mode: 0o600 });
  process.stdout.write(`${text}\n`);
  await stopped;
  for (const step of work) await step();
}

if (import.meta.main) await main(process.argv.slice(2));
