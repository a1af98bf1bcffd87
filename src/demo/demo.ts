import { createHash, randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Gatehouse } from '../app.ts';
import { systemClock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import { keptSecret } from '../lib/kept-secret.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { ClientInput } from '../oauth/clients/clients.service.ts';
import type { Platform } from '../platform/platform.ts';
import { demoKeyCommand, ensureDemoKey } from './demo-key.ts';

/** Who may try the server out, and with what. Lives in DATA_DIR, mode 0600; never in production. */
export interface DemoAccess {
  readonly email: string;
  readonly password: string;
  readonly appClientId: string;
  readonly serviceClientId: string;
  readonly serviceClientSecret: string;
  readonly organizationId: string;
  /** Where the platform issues API keys. */
  readonly apiKey?: string;
  /** PKCE's secret half, for the printed link (RFC 7636 §4.1). */
  readonly codeVerifier: string;
}

/** On the way there: what a start that was killed leaves behind, for the next one to go on with. */
type Draft = Omit<DemoAccess, MadeLater> & Partial<Pick<DemoAccess, MadeLater>>;
type MadeLater = 'organizationId' | 'serviceClientSecret';

const SYSTEM = { actor: { kind: 'system' } } as const;

interface DemoOptions {
  dataDir: string;
  platform: Platform;
  issuer: string;
}

/**
 * The demo's access data: made once on an empty database, and read again at later starts so that they
 * can be printed again. Undefined: the database was filled by somebody else.
 */
export async function prepareDemo(
  gatehouse: Gatehouse,
  options: DemoOptions,
): Promise<DemoAccess | undefined> {
  const file = join(options.dataDir, 'demo.json');
  const { items } = await gatehouse.identity.organizations.list({ limit: 1 });
  const isEmpty = items.length === 0;
  if (isEmpty) rmSync(file, { force: true });
  else if (!existsSync(file)) return undefined;
  const text = keptSecret(options.dataDir, 'demo.json', () => JSON.stringify(newDraft()));
  return completeDemo(gatehouse, options, JSON.parse(text) as Draft, (draft) => save(file, draft));
}

const newDraft = (): Draft => ({
  email: 'demo@example.com',
  password: randomBytes(12).toString('base64url'),
  appClientId: newId(systemClock.now()),
  serviceClientId: newId(systemClock.now()),
  codeVerifier: randomBytes(32).toString('base64url'),
});

/** Whole or not at all: a start that is killed here leaves the earlier text. */
function save(file: string, draft: Draft): void {
  const text = `${JSON.stringify(draft, undefined, 2)}\n`;
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/** Makes what is missing; each step may find itself done already. */
async function completeDemo(
  gatehouse: Gatehouse,
  { platform, issuer }: DemoOptions,
  draft: Draft,
  keep: (draft: Draft) => void,
): Promise<DemoAccess> {
  const { identity, oauth } = gatehouse;
  const { email, password } = draft;
  let { organizationId, serviceClientSecret } = draft;
  if (!organizationId) {
    organizationId = (await identity.organizations.create({ name: 'Demo Company' }, SYSTEM)).id;
    keep({ ...draft, organizationId });
  }
  if (!serviceClientSecret) {
    const user = await identity.createUser(
      { email, password, name: 'Demo User', organizationId, role: 'owner' },
      SYSTEM,
    );
    if (user.outcome !== 'created' && user.outcome !== 'email_taken') {
      throw new Error(`the demo user was not made: ${user.outcome}`);
    }
  }
  // At a later start the platform, or the address, may be another one.
  await ensurePlan(identity, platform, organizationId);
  const scopes = platform.scopes.map((scope) => scope.name);
  await ensureClient(oauth, draft.appClientId, {
    name: 'Demo App',
    organizationId,
    redirectUris: [`${issuer}/demo/callback`],
    tokenEndpointAuthMethod: 'none',
    scopes,
  });
  const made = await ensureClient(oauth, draft.serviceClientId, {
    name: 'Demo Service',
    organizationId,
    grantTypes: ['client_credentials'],
    scopes,
  });
  serviceClientSecret ??=
    made.secret ?? (await oauth.clientService.rotateSecret(made.client, 0, SYSTEM));
  const { apiKey: kept, ...others } = draft;
  const apiKey = await ensureDemoKey(gatehouse, platform, organizationId, kept);
  const access = {
    ...{ ...others, organizationId, serviceClientSecret },
    ...(apiKey ? { apiKey } : {}),
  };
  if (!isDeepStrictEqual(access, draft)) keep(access);
  return access;
}

async function ensurePlan(
  { organizations }: Gatehouse['identity'],
  { plans, defaultPlan: plan }: Platform,
  organizationId: string,
): Promise<void> {
  const organization = await organizations.find(organizationId);
  if (plans.some(({ name }) => name === organization?.plan)) return;
  await organizations.update(organizationId, { plan }, SYSTEM);
}

async function ensureClient(
  { clientService }: Gatehouse['oauth'],
  id: string,
  input: ClientInput,
): Promise<{ client: OAuthClient; secret?: string | undefined }> {
  const known = await clientService.find(id);
  if (known && isAsWanted(known, input)) return { client: known };
  const outcome = known
    ? await clientService.update(id, input, SYSTEM)
    : await clientService.create(input, SYSTEM, { id });
  if (outcome.outcome === 'created' || outcome.outcome === 'updated') return outcome;
  throw new Error(`the demo's client was refused: ${JSON.stringify(outcome)}`);
}

const isAsWanted = (client: OAuthClient, input: ClientInput) =>
  isDeepStrictEqual([client.scopes, client.redirectUris], [input.scopes, input.redirectUris ?? []]);

/** The round trip through sign-in and consent, as a link. */
export function demoAuthorizeUrl(access: DemoAccess, platform: Platform, issuer: string): string {
  const readable = platform.scopes.filter((scope) => scope.access !== 'admin').slice(0, 4);
  const url = new URL('/oauth/authorize', issuer);
  url.search = new URLSearchParams({
    client_id: access.appClientId,
    redirect_uri: `${issuer}/demo/callback`,
    response_type: 'code',
    scope: ['openid', 'profile', 'email', ...readable.map((scope) => scope.name)].join(' '),
    state: 'demo',
    code_challenge: createHash('sha256').update(access.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  return url.href;
}

/**
 * What the process prints at start: everything ready to paste.
 *
 * @param at.isProxy whether the API itself answers at the issuer, behind the gate
 */
export function demoText(
  access: DemoAccess,
  platform: Platform,
  at: { issuer: string; isProxy: boolean },
): string {
  const { issuer } = at;
  return `
  ${platform.name} is ready at ${issuer}

  1. Sign in and consent in a browser. Open

       ${demoAuthorizeUrl(access, platform, issuer)}

     and sign in as ${access.email} with the password ${access.password}

  2. Get a token for a service:

       curl -u ${access.serviceClientId}:${access.serviceClientSecret} -d grant_type=client_credentials ${issuer}/oauth/token
${keyText(access, platform, at)}
  Look around, signed in as above: ${issuer}/dashboard
  Every flow, step by step:        ${issuer}/playground
  What your developers read:       ${issuer}/docs/authentication

  Stop with Ctrl-C; the data stays for the next start. DEMO=0 starts without any of this.
`;
}

function keyText(
  { apiKey, organizationId }: DemoAccess,
  platform: Platform,
  at: { issuer: string; isProxy: boolean },
): string {
  const command = apiKey && demoKeyCommand({ apiKey, organizationId }, platform, at);
  if (!command) return '';
  const what = at.isProxy ? 'Call the API with a key' : 'Ask the gate about a call with a key';
  return `
  3. ${what}:

       ${command.replaceAll('\n', '\n       ')}
`;
}
