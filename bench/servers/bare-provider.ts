import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider, { type Configuration } from 'oidc-provider';

// The yardstick: oidc-provider alone, in memory, with the same algorithm and the same kind of token.

const port = Number(process.argv[2]);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [jwk] } as Configuration['jwks'],
  clients: [
    {
      client_id: 'bench',
      client_secret: 'bench-secret-of-thirty-two-bytes-or-more',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'notes:read'],
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  ttl: { ClientCredentials: 3600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => 'https://api.notes.example',
      getResourceServerInfo: async () => ({
        scope: 'notes:read',
        audience: 'https://api.notes.example',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
} as Configuration);

createServer(provider.callback()).listen(port, '127.0.0.1', () => {
  process.stdout.write(`ready ${port}\n`);
});
