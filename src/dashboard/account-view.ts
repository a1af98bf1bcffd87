import type { ServiceAccount } from '../credentials/service-accounts/service-account.ts';
import type { MakerView } from '../pages/keys-models.ts';
import type { AccountKey, AccountPage, AccountRow } from '../pages/service-account-models.ts';
import { permissionsOf } from './app-view.ts';
import type { Area } from './area.ts';
import { pathOf } from './frame.ts';
import { isManager } from './managers.ts';
import { signingSnippets } from './signing-snippets.ts';
import type { OrganizationVisit } from './visit.ts';

/** As many as the service takes. */
const MOST_KEYS = 10;

/** The address of an account's page. */
export const accountPath = ({
  id,
  organizationId,
}: Pick<ServiceAccount, 'id' | 'organizationId'>): string =>
  `${pathOf('service_accounts', organizationId)}/${id}`;

export const accountRowOf = (account: ServiceAccount): AccountRow => ({
  ...{ name: account.name, href: accountPath(account), id: account.id },
  ...{ keys: account.keys.length, disabled: account.disabledAt !== null },
  ...(account.lastUsedAt ? { lastUsed: account.lastUsedAt } : {}),
});

/**
 * @param maker who made the account
 * @param added how the form for another key stands
 */
export function accountPageOf(
  { platform, scopePolicy }: Pick<Area, 'platform' | 'scopePolicy'>,
  visit: OrganizationVisit,
  account: ServiceAccount,
  maker: MakerView,
  added: Pick<NonNullable<ManagedAccount['addKey']>, 'text' | 'error'> = { text: '' },
): Omit<AccountPage, 'frame'> {
  const { maxLifetimeSeconds } = platform.serviceJwts;
  const beyond = scopePolicy.beyond(account.scopes, visit.maker.scopes);
  const { csrf } = visit;
  const path = accountPath(account);
  const manage: ManagedAccount = {
    ...{ editUrl: `${path}/edit`, deleteUrl: `${path}/delete`, beyond },
    ...(account.keys.length < MOST_KEYS
      ? { addKey: { action: `${path}/keys`, csrf, ...added } }
      : {}),
    toggle: { action: `${path}/${account.disabledAt ? 'enable' : 'disable'}`, csrf },
  };
  return {
    account: { ...accountRowOf(account), since: account.createdAt, maker },
    permissions: permissionsOf(platform, new Set(account.scopes)),
    keys: keysOf(visit, account),
    snippets: signingSnippets(account, platform.api.identifier, maxLifetimeSeconds),
    longestLifeSeconds: maxLifetimeSeconds,
    ...(isManager(visit) ? { manage } : {}),
  };
}

type ManagedAccount = NonNullable<AccountPage['manage']>;

function keysOf(visit: OrganizationVisit, account: ServiceAccount): AccountKey[] {
  const mayRemove = isManager(visit) && account.keys.length > 1;
  const remove = { action: `${accountPath(account)}/keys/remove`, csrf: visit.csrf };
  return account.keys.map(({ kid, alg }) => ({
    ...{ kid, alg, added: account.keysAddedAt.get(kid) ?? account.createdAt },
    ...(mayRemove ? { remove } : {}),
  }));
}
