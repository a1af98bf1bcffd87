import type { PlaygroundAppProblem, PlaygroundPage } from '../../src/pages/playground-models.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { NamedApp } from '../../src/playground/own-app.ts';
import { createPlaygroundPage } from '../../src/playground/playground-page.ts';
import type { Sample } from './samples.ts';

const ISSUER = 'https://auth.kaie.example';

async function pageOf(
  platformId: string,
  query: Record<string, string>,
  tab: 'oauth' | 'keys' = 'oauth',
  named?: NamedApp,
): Promise<PlaygroundPage> {
  const platform = await loadPlatform(platformId);
  // Klen is tried where the gate is the API's proxy.
  const isHere = platformId === 'klen';
  const api = { url: isHere ? ISSUER : 'https://api.kaie.example', isHere };
  const options = { platform, issuer: ISSUER, api };
  return createPlaygroundPage(options)(query, tab, named);
}

const sample = (name: string, model: PlaygroundPage): Sample => ({
  ...{ name: `playground-${name}`, page: 'playground/playground', model },
});

const name = 'Northwind Sync';
const appUrl = '/dashboard/organizations/org_1/apps/app_1';
const confidential: NamedApp = {
  app: {
    ...{ id: '019a8c9e-0000-7000-8000-000000000001', name, canRefresh: true },
    ...{ auth: 'client_secret_basic', scopes: ['workflows:read'] },
  },
};
const problems: Record<string, PlaygroundAppProblem> = {
  unknown: { kind: 'unknown' },
  stranger: { kind: 'unknown', signInUrl: '/sign-in?return_to=%2Fplayground' },
  redirect: { kind: 'redirect_uri', name, appUrl, redirectUri: `${ISSUER}/playground/callback` },
  disabled: { kind: 'disabled', name, appUrl },
  grant: { kind: 'no_code', name, appUrl },
  key: { kind: 'signs', name, appUrl },
  push: { kind: 'pushes', name },
};

/** Every flow, on a platform that has it. */
export const playgroundSamples: readonly Sample[] = [
  sample('code', await pageOf('kaie', {})),
  sample('client-credentials', await pageOf('kaie', { flow: 'client_credentials' })),
  sample('refresh', await pageOf('kaie', { flow: 'refresh' })),
  sample('user-tokens', await pageOf('kliq', { flow: 'user_tokens' })),
  sample('service-jwt', await pageOf('kaie', { flow: 'service_jwt' })),
  sample('own-app', await pageOf('kaie', {}, 'oauth', confidential)),
  ...(await Promise.all(
    Object.entries(problems).map(async ([kind, problem]) =>
      sample(`own-app-${kind}`, await pageOf('kaie', {}, 'oauth', { problem })),
    ),
  )),
  sample('keys', await pageOf('klen', {}, 'keys')),
  sample('stranger', await pageOf('kloakd', {}, 'keys')),
  {
    name: 'playground-callback',
    page: 'playground/callback',
    model: { playgroundUrl: '/playground' },
  },
];
