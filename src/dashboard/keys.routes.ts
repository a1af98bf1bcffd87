import { sendPage } from '../doors/browser.ts';
import { InvalidCursorError, pageOf, readCursor } from '../lib/cursor.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { pathOf } from './frame.ts';
import { keyChangeRoutes } from './key-changes.routes.ts';
import { keyCreationRoutes } from './key-creation.routes.ts';
import { toRow } from './key-view.ts';
import { type KeyPageDependencies, keyFrame, leaksOf, makerNames } from './key-visit.ts';
import { PageNotFoundError } from './visit.ts';

const PAGE_KEYS = 50;
/** API keys: the list, the form for a new one, each with what can be done about it. */
export function keyRoutes(area: Area, deps: KeyPageDependencies): void {
  listRoutes(area, deps);
  keyCreationRoutes(area, deps);
  keyChangeRoutes(area, deps);
}

function listRoutes(
  { door, visits, pages, platform, clock }: Area,
  deps: KeyPageDependencies,
): void {
  door.get(
    `${OF_ORGANIZATION}/keys`,
    visits.ofOrganization(async (visit) => {
      const { cursor, revoked } = visit.request.query as Record<string, unknown>;
      const withRevoked = revoked === '1';
      const filter = { organizationId: visit.organization.id, includeRevoked: withRevoked };
      const beforeId = positionOf(cursor);
      const read = await deps.apiKeys.list({ ...filter, beforeId, limit: PAGE_KEYS + 1 });
      const page = pageOf('api-keys', read, PAGE_KEYS, ({ id }) => id);
      const names = await makerNames(page.items, visit, deps);
      const leaks = await leaksOf(page.items, deps);
      const now = clock.now();
      const url = pathOf('keys', visit.organization.id);
      const also = withRevoked ? '&revoked=1' : '';
      return sendPage(
        visit.reply,
        pages.render('dashboard/keys/list', {
          frame: keyFrame(visit, platform),
          keys: page.items.map((key) => toRow(key, { platform, visit, names, leaks, now })),
          ...{
            newUrl: `${url}/new`,
            withRevoked,
            otherUrl: withRevoked ? url : `${url}?revoked=1`,
          },
          ...(beforeId ? { firstUrl: withRevoked ? `${url}?revoked=1` : url } : {}),
          ...(page.nextCursor ? { nextUrl: `${url}?cursor=${page.nextCursor}${also}` } : {}),
        }),
      );
    }),
  );
}

/** @throws PageNotFoundError for a cursor that no list gave out */
function positionOf(cursor: unknown): string | undefined {
  if (cursor !== undefined && typeof cursor !== 'string') throw new PageNotFoundError();
  try {
    return readCursor('api-keys', cursor);
  } catch (error) {
    if (error instanceof InvalidCursorError) throw new PageNotFoundError();
    throw error;
  }
}
