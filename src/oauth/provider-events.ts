import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
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

/** What happens in the library alone and belongs in the audit log. An answer does not wait for it. */
export function auditProviderEvents(
  provider: Provider,
  deps: { database: Database; clock: Clock; log: Log },
): void {
  const { database, clock, log } = deps;
  const on = provider.on.bind(provider) as (event: string, listener: Listener) => void;
  const write = (ctx: KoaContextWithOIDC, work: Promise<void>) => {
    work.catch((error: unknown) =>
      log.error({ ...about(ctx), err: error }, 'an audit event was not written'),
    );
  };

  on('authorization.error', (ctx) => {
    const { client, entities } = ctx.oidc;
    const userId = entities.Interaction?.session?.accountId;
    if (entities.Interaction?.result?.error !== 'access_denied' || !userId || !client) return;
    const refusal = recordAuditEvent(database.pool, {
      ...originOf(ctx),
      type: 'consent.refused',
      actor: { kind: 'user', id: userId },
      target: { kind: 'client', id: client.clientId },
      occurredAt: clock.now(),
    });
    write(ctx, refusal);
  });
}

/** Where a request came from, as the protocol door said. */
export const originOf = (ctx: KoaContextWithOIDC): Omit<AuditContext, 'actor'> => ({
  address: ctx.ip,
  requestId: ctx.get('x-request-id') || undefined,
});

type Listener = (ctx: KoaContextWithOIDC, error: ProviderError) => void;

function about(ctx: KoaContextWithOIDC) {
  return {
    requestId: ctx.get?.('x-request-id'),
    route: ctx.oidc?.route,
    clientId: ctx.oidc?.client?.clientId,
  };
}
