import type { KoaContextWithOIDC, UnknownObject } from 'oidc-provider';
import type { GrantExtension } from '../adapter/grants.store.ts';
import { clientOf } from '../clients/client-instances.ts';

/**
 * The claims Gatehouse adds to an access token: `org_id`, the organization it acts for, and `grant_id`,
 * the authorization it came from (by which it is denied when that ends).
 *
 * @throws Error for a user's token that has no grant: nobody could end it
 */
export function extraTokenClaims(
  ctx: KoaContextWithOIDC,
  token: { kind: string },
): UnknownObject | undefined {
  if (token.kind === 'ClientCredentials') {
    const { organizationId } = clientOf(ctx.oidc.client!);
    return organizationId ? { org_id: organizationId } : undefined;
  }
  const grant = ctx.oidc.entities.Grant as (GrantExtension & { jti: string }) | undefined;
  if (!grant) throw new Error('a user’s access token needs a grant: nothing else could end it');
  return { grant_id: grant.jti, ...(grant.organizationId ? { org_id: grant.organizationId } : {}) };
}
