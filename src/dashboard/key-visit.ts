import type { FastifyReply } from 'fastify';
import { findPartyNames } from '../audit/party-names.store.ts';
import type { ApiKey, ApiKeyInLine } from '../credentials/api-keys/api-key.ts';
import type { ApiKeyService } from '../credentials/api-keys/api-keys.service.ts';
import type { ScopePolicy } from '../credentials/scope-policy.ts';
import type { Database } from '../database/database.ts';
import { findLeaks } from '../leaks/leaked-keys-shown.store.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { Platform } from '../platform/platform.ts';
import { frameOf } from './frame.ts';
import { mayChange } from './key-view.ts';
import { makersOf } from './maker-view.ts';
import { noticeOf } from './notices.ts';
import type { UsageReports } from './usage-report.ts';
import { NotAllowedError, type OrganizationVisit, PageNotFoundError } from './visit.ts';

export interface KeyPageDependencies {
  apiKeys: ApiKeyService;
  usageReports: UsageReports;
  scopePolicy: ScopePolicy;
  database: Pick<Database, 'pool'>;
}

const NOTICES = [
  ...(['key_revoked', 'key_disabled', 'key_enabled'] as const),
  ...(['key_enabled_shut_out', 'key_form_sent'] as const),
];

type KeyNotice = (typeof NOTICES)[number];

/** What stands around a page about keys, with what was just done if the address says so. */
export function keyFrame(visit: OrganizationVisit, platform: Platform) {
  return frameOf(visit, platform, {
    section: 'keys',
    csrf: visit.csrf,
    ...noticeOf(visit, NOTICES),
  });
}

/** The names of whoever and whatever made these keys of the organization, and of the keys above, by their ids. */
export const makerNames = (
  keys: readonly ApiKeyInLine[],
  { organization }: OrganizationVisit,
  { database }: KeyPageDependencies,
) => {
  const above = keys.flatMap((key) => key.above.flatMap(({ id }) => id ?? []));
  return findPartyNames(database.pool, organization.id, [
    ...new Set([...makersOf(keys), ...above]),
  ]);
};

/** Those of the keys that were found in public, by their ids: they are revoked. */
export const leaksOf = (keys: readonly ApiKey[], { database }: KeyPageDependencies) =>
  findLeaks(
    database.pool,
    keys.filter(({ revokedAt }) => revokedAt).map(({ id }) => id),
  );

/**
 * The key that the address names.
 *
 * @throws PageNotFoundError for one that isn't the organization's
 */
export async function keyOf(
  visit: OrganizationVisit,
  deps: KeyPageDependencies,
): Promise<ApiKeyInLine> {
  const { key: id } = visit.request.params as { key: string };
  const key = looksLikeId(id) ? await deps.apiKeys.find(id, visit.maker) : undefined;
  if (!key) throw new PageNotFoundError();
  return key;
}

/**
 * The key that the address names, to be changed.
 *
 * @throws PageNotFoundError for one that is revoked, too
 * @throws NotAllowedError for a member, unless they made it
 */
export async function keyToChange(
  visit: OrganizationVisit,
  deps: KeyPageDependencies,
): Promise<ApiKeyInLine> {
  const key = await keyOf(visit, deps);
  if (!mayChange(visit, key)) throw new NotAllowedError();
  if (key.revokedAt) throw new PageNotFoundError();
  return key;
}

/** After a form: to a page, which says what was done. */
export const done = ({ reply }: OrganizationVisit, path: string, notice: KeyNotice): FastifyReply =>
  reply.redirect(`${path}?done=${notice}`, 303);
