import type { PlaygroundPage } from '../../src/pages/playground-models.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import { createPlaygroundPage } from '../../src/playground/playground-page.ts';
import type { Sample } from './samples.ts';

const ISSUER = 'https://auth.kaie.example';

async function pageOf(
  platformId: string,
  query: Record<string, string>,
  tab: 'oauth' | 'keys' = 'oauth',
): Promise<PlaygroundPage> {
  const platform = await loadPlatform(platformId);
  const options = { platform, issuer: ISSUER, apiUrl: 'https://api.kaie.example' };
  return createPlaygroundPage(options)(query, tab);
}

const sample = (name: string, model: PlaygroundPage): Sample => ({
  ...{ name: `playground-${name}`, page: 'playground/playground', model },
});

/** Every flow, on a platform that has it. */
export const playgroundSamples: readonly Sample[] = [
  sample('code', await pageOf('kaie', {})),
  sample('client-credentials', await pageOf('kaie', { flow: 'client_credentials' })),
  sample('refresh', await pageOf('kaie', { flow: 'refresh' })),
  sample('user-tokens', await pageOf('kliq', { flow: 'user_tokens' })),
  sample('service-jwt', await pageOf('kaie', { flow: 'service_jwt' })),
  sample('keys', await pageOf('klen', {}, 'keys')),
  sample('stranger', await pageOf('kloakd', {}, 'keys')),
  {
    name: 'playground-callback',
    page: 'playground/callback',
    model: { playgroundUrl: '/playground' },
  },
];
