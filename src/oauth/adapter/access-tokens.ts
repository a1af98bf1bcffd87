import Provider from 'oidc-provider';
import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import { originOf } from '../provider-events.ts';
import type { AdapterDependencies, ModelAdapter } from './adapter.ts';

/**
 * Access tokens are JWTs and stored nowhere. What a caller of introspection or revocation presents was
 * verified before (see tokens/presented-tokens.ts) and is looked up here by its handle; ending one puts
 * its jti on the denylist.
 */
export function createAccessTokenAdapter(
  model: 'AccessToken' | 'ClientCredentials',
  { database, notifications, clock, revocations, presentedTokens }: AdapterDependencies,
): ModelAdapter {
  return {
    async find(handle) {
      const payload = presentedTokens.find(handle);
      return payload?.kind === model ? payload : undefined;
    },
    async destroy(jti) {
      await database.transaction(async (tx) => {
        await revocations.denyToken(tx, jti);
        await recordAuditEvent(tx, {
          ...requestThatRevokes(model),
          type: 'token.revoked',
          target: { kind: 'access_token', id: jti },
          occurredAt: clock.now(),
        });
      });
      await notifications.caughtUp();
    },
  };
}

/** Who asks, and for which organization the token was. */
function requestThatRevokes(
  model: 'AccessToken' | 'ClientCredentials',
): AuditContext & { organizationId?: string } {
  const ctx = Provider.ctx;
  const clientId = ctx?.oidc.client?.clientId;
  const organizationId = ctx?.oidc.entities[model]?.extra?.org_id;
  return {
    actor: clientId ? { kind: 'client', id: clientId } : { kind: 'system' },
    ...(ctx && originOf(ctx)),
    ...(typeof organizationId === 'string' ? { organizationId } : {}),
  };
}
