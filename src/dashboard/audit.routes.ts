import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { allAuditEvents, listAuditEvents } from '../audit/audit.store.ts';
import { AUDIT_EXPORT_TYPES, type AuditExportFormat, auditExport } from '../audit/audit-export.ts';
import { findPartyNames } from '../audit/party-names.store.ts';
import type { Database } from '../database/database.ts';
import { sendPage } from '../doors/browser.ts';
import { listMembers } from '../identity/members.store.ts';
import { InvalidCursorError, type Page } from '../lib/cursor.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { type ChosenEvents, chosenQuery, readChosenEvents } from './audit-filter.ts';
import { auditChoices, auditRow, partiesOf } from './audit-view.ts';
import { frameOf, pathOf } from './frame.ts';
import { managersOnly } from './managers.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

const PAGE_SIZE = 50;
const MOST_ROWS = 100_000;
const MOST_ACTORS = 100;

/** The organization's audit log: to read, and to take away. */
export function auditRoutes(area: Area, { database }: { database: Database }): void {
  const { door, visits, clock } = area;
  door.get(
    `${OF_ORGANIZATION}/audit`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      return showLog(area, database, visit);
    }),
  );
  door.get(
    `${OF_ORGANIZATION}/audit/export`,
    // A HEAD would read the whole log for nothing.
    { exposeHeadRoute: false },
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { format } = visit.request.query as { format?: unknown };
      const chosen = readChosenEvents(visit.request.query);
      if ((format !== 'csv' && format !== 'jsonl') || chosen.wrongDates) {
        throw new PageNotFoundError();
      }
      const batches = allAuditEvents(database, filterOf(visit, chosen), MOST_ROWS);
      const name = fileName(visit.organization.name, clock.now(), format);
      return visit.reply
        .type(AUDIT_EXPORT_TYPES[format])
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(auditExport(batches, format)));
    }),
  );
}

async function showLog(
  { pages, platform }: Area,
  database: Database,
  visit: OrganizationVisit,
): Promise<FastifyReply> {
  const { organization } = visit;
  const url = pathOf('audit', organization.id);
  const chosen = readChosenEvents(visit.request.query);
  const { cursor } = visit.request.query as { cursor?: unknown };
  const { items, nextCursor } = await eventsOf(database, visit, chosen, cursor);
  const members = await listMembers(database.pool, organization.id, { limit: MOST_ACTORS });
  // Only of those in its events: an id that somebody made up has no name here.
  const names = await findPartyNames(database.pool, organization.id, partiesOf(items));
  const to = (more: Record<string, string>, path = url) => {
    const query = chosenQuery(chosen);
    for (const [name, value] of Object.entries(more)) query.set(name, value);
    return query.size === 0 ? path : `${path}?${query}`;
  };
  const html = pages.render('dashboard/organization/audit', {
    frame: frameOf(visit, platform, { section: 'audit', csrf: visit.csrf }),
    action: url,
    events: items.map((event) => auditRow(event, url, names)),
    ...auditChoices(chosen, members.items, names),
    ...(chosen.wrongDates ? { error: 'dates' as const } : {}),
    ...(cursor ? { firstUrl: to({}) } : {}),
    ...(nextCursor ? { nextUrl: to({ cursor: nextCursor }) } : {}),
    exports: (['csv', 'jsonl'] as const).map((kind) => ({
      ...{ kind, href: to({ format: kind }, `${url}/export`) },
    })),
    mostRows: MOST_ROWS,
  });
  return sendPage(visit.reply, html, chosen.wrongDates ? 422 : 200);
}

/** @throws PageNotFoundError for a cursor that no list gave out */
async function eventsOf(
  database: Database,
  visit: OrganizationVisit,
  chosen: ChosenEvents,
  cursor: unknown,
): Promise<Page<Awaited<ReturnType<typeof listAuditEvents>>['items'][number]>> {
  if (chosen.wrongDates) return { items: [], nextCursor: null };
  if (cursor !== undefined && typeof cursor !== 'string') throw new PageNotFoundError();
  try {
    const filter = filterOf(visit, chosen);
    return await listAuditEvents(database, { ...filter, before: cursor, limit: PAGE_SIZE });
  } catch (error) {
    throw error instanceof InvalidCursorError ? new PageNotFoundError() : error;
  }
}

/** Never anybody else's events, whatever was chosen. */
const filterOf = ({ organization }: OrganizationVisit, chosen: ChosenEvents) => {
  const { type, actor, from, until } = chosen;
  return { organizationId: organization.id, type, actor, from, until };
};

/** `audit-analytical-engines-2026-11-21.csv` */
function fileName(organization: string, now: Date, format: AuditExportFormat): string {
  const plain = organization.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const day = now.toISOString().slice(0, 10);
  return `${['audit', slug.slice(0, 60), day].filter(Boolean).join('-')}.${format}`;
}
