import type { ApiKey } from '../credentials/api-keys/api-key.ts';
import type { ApiKeyService } from '../credentials/api-keys/api-keys.service.ts';
import { sendPage } from '../doors/browser.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { UsageRangeKind } from '../pages/usage-models.ts';
import type { Platform } from '../platform/platform.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { USAGE_RANGES, type UsageReports } from './usage-report.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

export interface UsagePageDependencies {
  apiKeys: Pick<ApiKeyService, 'find' | 'list'>;
  usageReports: UsageReports;
}

/** So many of the newest keys can be chosen from; an older one's own page leads here, too. */
const KEYS_OFFERED = 100;

interface Query {
  range: UsageRangeKind;
  /** Empty: all. */
  key: string;
  route: string;
}

/** How much the API is called, by hour and by day. */
export function usageRoutes({ door, visits, pages, platform }: Area, deps: UsagePageDependencies) {
  const routes = routesOf(platform);

  door.get(
    `${OF_ORGANIZATION}/usage`,
    visits.ofOrganization(async (visit) => {
      const query = queryOf(visit, routes);
      const keys = await keysOf(visit, query, deps);
      const chart = await deps.usageReports(visit.organization.id, query.range, {
        credentialId: query.key || undefined,
        route: query.route || undefined,
      });
      const frame = frameOf(visit, platform, { section: 'usage', csrf: visit.csrf });
      const html = pages.render('dashboard/usage', {
        frame,
        ...(chart === 'busy' ? {} : { chart }),
        ranges: USAGE_RANGES.map((kind) => ({ kind, chosen: kind === query.range })),
        keys: keys.map(({ id, name, secrets }) => ({
          ...{ value: id, name, hint: secrets[0]?.hint ?? '', chosen: id === query.key },
        })),
        routes: routes.map((value) => ({ value, chosen: value === query.route })),
        plainUrl: pathOf('usage', visit.organization.id),
        narrowed: query.key !== '' || query.route !== '',
      });
      if (chart === 'busy') visit.reply.header('retry-after', '2');
      return sendPage(visit.reply, html, chart === 'busy' ? 503 : 200);
    }),
  );
}

/** As requests are counted: `GET /v1/notes/*`. */
const routesOf = (platform: Platform): string[] =>
  platform.routes.flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`));

/** @throws PageNotFoundError for a range or a route that there isn't */
function queryOf({ request }: OrganizationVisit, routes: readonly string[]): Query {
  const { range = 'day', key = '', route = '' } = request.query as Record<string, unknown>;
  const kind = USAGE_RANGES.find((each) => each === range);
  const isKnown = route === '' || routes.some((each) => each === route);
  if (!kind || !isKnown || typeof key !== 'string') throw new PageNotFoundError();
  return { range: kind, key, route: route as string };
}

/** Those to choose from, the chosen one among them. @throws PageNotFoundError when that isn't theirs */
async function keysOf(
  { maker, organization }: OrganizationVisit,
  { key: id }: Query,
  { apiKeys }: UsagePageDependencies,
): Promise<readonly ApiKey[]> {
  const chosen = id && looksLikeId(id) ? await apiKeys.find(id, maker) : undefined;
  if (id && !chosen) throw new PageNotFoundError();
  const newest = await apiKeys.list({
    ...{ organizationId: organization.id, includeRevoked: false, limit: KEYS_OFFERED },
  });
  return !chosen || newest.some((key) => key.id === id) ? newest : [chosen, ...newest];
}
