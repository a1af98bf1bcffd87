import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gatehouse } from '../app.ts';
import type { Platform } from '../platform/platform.ts';

/** Who may try the server out, and with what. Lives in DATA_DIR, mode 0600; never in production. */
export interface DemoAccess {
  readonly email: string;
  readonly password: string;
  readonly appClientId: string;
  readonly serviceClientId: string;
  readonly serviceClientSecret: string;
  /** PKCE's secret half, for the printed link (RFC 7636 §4.1). */
  readonly codeVerifier: string;
}

const SYSTEM = { actor: { kind: 'system' } } as const;

/**
 * The demo's access data: made once on an empty database, and read again at later starts so that they
 * can be printed again. Undefined: the database was filled by somebody else.
 */
export async function prepareDemo(
  gatehouse: Gatehouse,
  options: { dataDir: string; platform: Platform; issuer: string; isEmptyDatabase: boolean },
): Promise<DemoAccess | undefined> {
  const file = join(options.dataDir, 'demo.json');
  if (!options.isEmptyDatabase) {
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoAccess) : undefined;
  }
  const access = await createDemo(gatehouse, options);
  writeFileSync(file, `${JSON.stringify(access, undefined, 2)}\n`, { mode: 0o600 });
  return access;
}

async function createDemo(
  { identity, oauth }: Gatehouse,
  { platform, issuer }: { platform: Platform; issuer: string },
): Promise<DemoAccess> {
  const password = randomBytes(12).toString('base64url');
  const email = 'demo@example.com';
  const organization = await identity.organizations.create({ name: 'Demo Company' }, SYSTEM);
  const user = await identity.createUser(
    { email, password, name: 'Demo User', organizationId: organization.id, role: 'owner' },
    SYSTEM,
  );
  if (user.outcome !== 'created') throw new Error(`the demo user was not made: ${user.outcome}`);

  const scopes = platform.scopes.map((scope) => scope.name);
  const app = await oauth.clientService.create(
    {
      name: 'Demo App',
      organizationId: organization.id,
      redirectUris: [`${issuer}/demo/callback`],
      tokenEndpointAuthMethod: 'none',
      scopes,
    },
    SYSTEM,
  );
  const service = await oauth.clientService.create(
    {
      name: 'Demo Service',
      organizationId: organization.id,
      grantTypes: ['client_credentials'],
      scopes,
    },
    SYSTEM,
  );
  if (app.outcome !== 'created' || service.outcome !== 'created') {
    throw new Error('the demo clients were refused');
  }
  return {
    email,
    password,
    appClientId: app.client.id,
    serviceClientId: service.client.id,
    serviceClientSecret: service.secret!,
    codeVerifier: randomBytes(32).toString('base64url'),
  };
}

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

/** What the process prints at start: everything ready to paste. */
export function demoText(access: DemoAccess, platform: Platform, issuer: string): string {
  return `
  ${platform.name} is ready at ${issuer}

  1. Sign in and consent in a browser. Open

       ${demoAuthorizeUrl(access, platform, issuer)}

     and sign in as ${access.email} with the password ${access.password}

  2. Get a token for a service:

       curl -u ${access.serviceClientId}:${access.serviceClientSecret} -d grant_type=client_credentials ${issuer}/oauth/token

  Stop with Ctrl-C; the data stays for the next start. DEMO=0 starts without any of this.
`;
}
