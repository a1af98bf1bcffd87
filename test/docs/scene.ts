import type { Test } from 'tap';
import type { CredentialKind, Platform } from '../../src/platform/platform.ts';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { type Desk, openDesk } from '../gate/desk.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { token } from '../support/flows.ts';
import { registerService, type TestGatehouse } from '../support/gatehouse.ts';
import { type ReadPage, readPage } from './docs-page.ts';

/** Each platform, and a plan that has all of its modules. */
export const PLATFORMS: Readonly<Record<string, string | undefined>> = {
  ...{ kliq: undefined, kaie: undefined, klen: undefined },
  ...{ kloakd: 'enterprise', example: 'pro' },
};

/** What the page calls a kind of credential. */
export const KINDS = {
  'API key': 'api_key',
  'OAuth token': 'access_token',
  'JWT token': 'service_jwt',
  'Playground key': 'playground_key',
} as const satisfies Record<string, CredentialKind>;

export const kindsIn = (text: string): CredentialKind[] =>
  Object.entries(KINDS).flatMap(([title, kind]) => (text.includes(title) ? [kind] : []));

export type Headers = Record<string, string>;

export interface Scene {
  clock: TestClock;
  desk: Desk;
  page: ReadPage;
  organizationId: string;
  /** Headers of a request with the key, as the platform wants them. */
  withKey(key: string, organizationId?: string): Headers;
  /** The same, for a credential of any kind. */
  withCredential(kind: CredentialKind, credential: string, organizationId?: string): Headers;
  /** The path of a row of the page, for that organization. */
  pathOf(row: string, organizationId?: string): string;
}

export async function openScene(
  t: Pick<Test, 'teardown'>,
  platform: string | Platform,
  plan?: string,
  environment: Record<string, string> = {},
): Promise<Scene> {
  const clock = createTestClock();
  const desk = await openDesk(t, platform, { clock, environment });
  const { issuer, platform: declared } = desk.gatehouse;
  const page = readPage(await (await fetch(`${issuer}/docs/authentication`)).text());
  const home = await desk.organization(plan);
  const header = declared.organizationHeader;
  const withCredential: Scene['withCredential'] = (kind, credential, organizationId = home) => {
    const way = declared.presentations.find(({ credentials }) => credentials.includes(kind));
    return {
      ...(way?.in === 'header'
        ? { [way.name]: credential }
        : { authorization: `Bearer ${credential}` }),
      ...(header?.requiredFor.includes(kind) ? { [header.name]: organizationId } : {}),
    };
  };
  return {
    ...{ clock, desk, page, organizationId: home, withCredential },
    withKey: (key, organizationId) => withCredential('api_key', key, organizationId),
    pathOf: (row, organizationId = home) =>
      row.replace(/\/\*$/, '').replace(':organization', organizationId).replaceAll(/:\w+/g, 'x1'),
  };
}

/** The kinds that are issued here and may stand somewhere. */
export function kindsOf({ desk }: Scene): CredentialKind[] {
  const { presentations, serviceJwts, playgroundKeys } = desk.gatehouse.platform;
  return Object.values(KINDS).filter(
    (kind) =>
      presentations.some(({ credentials }) => credentials.includes(kind)) &&
      (kind !== 'service_jwt' || serviceJwts.enabled) &&
      (kind !== 'playground_key' || playgroundKeys.enabled),
  );
}

/** A credential of the kind for the organization, with these scopes as far as its kind has any. */
export async function obtain(
  { desk }: Scene,
  kind: CredentialKind,
  organizationId: string,
  scopes = desk.gatehouse.platform.scopes.map(({ name }) => name),
): Promise<string> {
  const { gatehouse } = desk;
  switch (kind) {
    case 'api_key':
      return (await desk.key(organizationId, { scopes })).key;
    case 'access_token':
      return accessToken(gatehouse, organizationId, scopes);
    case 'service_jwt': {
      const signer = await newSigner();
      const account = await newAccount(desk, organizationId, [signer], { scopes });
      return sign(signer, account, gatehouse.platform.api.identifier);
    }
    case 'playground_key': {
      const { playgroundKeys } = gatehouse.platform;
      if (!playgroundKeys.enabled) throw new Error('there are none');
      const fingerprint = crypto.randomUUID();
      const made = await desk.call('POST', playgroundKeys.path, { fingerprint }, 'none');
      return made.body.key;
    }
  }
}

async function accessToken(
  gatehouse: TestGatehouse,
  organizationId: string,
  scopes: readonly string[],
): Promise<string> {
  const client = await registerService(gatehouse, { organizationId, scopes: [...scopes] });
  const { status, body } = await token(gatehouse, client, {
    grant_type: 'client_credentials',
    scope: scopes.join(' '),
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.access_token!;
}
