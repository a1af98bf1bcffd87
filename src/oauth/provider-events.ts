import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Log } from '../lib/log.ts';

/** What a refused request is logged with: the library's internal detail, which the wire never sees. */
interface ProviderError extends Error {
  error?: string;
  error_description?: string;
  error_detail?: string;
}

const REFUSALS = [
  'authorization.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'pushed_authorization_request.error',
  'end_session.error',
  'end_session_confirm.error',
  'jwks.error',
  'discovery.error',
];

/** Refusals at info with their detail, failures at error with their cause. */
export function logProviderEvents(provider: Provider, log: Log): void {
  const on = provider.on.bind(provider) as (event: string, listener: Listener) => void;
  for (const event of REFUSALS) {
    on(event, (ctx, error) => {
      const { error: code, error_description: description, error_detail: detail } = error;
      log.info({ ...about(ctx), event, code, description, detail }, 'request refused');
    });
  }
  on('server_error', (ctx, error) => log.error({ ...about(ctx), err: error }, 'request failed'));
}

type Listener = (ctx: KoaContextWithOIDC, error: ProviderError) => void;

function about(ctx: KoaContextWithOIDC) {
  return {
    requestId: ctx.get?.('x-request-id'),
    route: ctx.oidc?.route,
    clientId: ctx.oidc?.client?.clientId,
  };
}
