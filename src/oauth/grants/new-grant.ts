import type Provider from 'oidc-provider';
import type { GrantExtension } from '../adapter/grants.store.ts';

export type Grant = InstanceType<Provider['Grant']> & GrantExtension;

/** What one authorization covers. */
export interface GrantContent {
  readonly userId: string;
  readonly clientId: string;
  readonly consentId: string;
  readonly organizationId: string | null;
  readonly scopes: readonly string[];
  /** Asked for, but left unticked: remembered, so that the same request doesn't ask again. */
  readonly refused: readonly string[];
  readonly resources: readonly string[];
}

/**
 * oidc-provider counts every scope it knows as an OpenID scope and, for a resource, as that resource's
 * too; a grant that has it only once makes consent loop.
 */
export function newGrant(provider: Provider, content: GrantContent): Grant {
  const grant = new provider.Grant({
    accountId: content.userId,
    clientId: content.clientId,
  }) as Grant;
  grant.consentId = content.consentId;
  grant.organizationId = content.organizationId ?? undefined;
  if (content.scopes.length > 0) {
    const scope = content.scopes.join(' ');
    grant.addOIDCScope(scope);
    for (const resource of content.resources) grant.addResourceScope(resource, scope);
  }
  if (content.refused.length > 0) {
    const refused = content.refused.join(' ');
    grant.rejectOIDCScope(refused);
    for (const resource of content.resources) grant.rejectResourceScope(resource, refused);
  }
  return grant;
}
