import { sendPage } from '../doors/browser.ts';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { Area } from './area.ts';
import {
  listed,
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorTop,
  organizationPath,
} from './operator-page.ts';
import { PageNotFoundError, type Visit } from './visit.ts';

const LIST = 'operator-clients';
const PAGE_SIZE = 50;
/** Milliseconds since the epoch, then the id. */
const POSITION = /^\d{1,13}\.[A-Za-z0-9_-]{1,64}$/;
const CLIENTS = OPERATOR_PATHS.clients;

/** Every client, and shutting one out. */
export function operatorClientRoutes(area: Area, deps: OperatorDependencies): void {
  listRoute(area, deps);
  toggleRoutes(area);
}

function listRoute(area: Area, { organizations }: OperatorDependencies): void {
  const { door, visits, pages, platform, clientService } = area;
  door.get(
    CLIENTS,
    visits.ofOperator(async (visit) => {
      const before = await listed(async () => positionIn(visit));
      const rows = await clientService.list({ ...(before && { before }), limit: PAGE_SIZE + 1 });
      const { items, nextCursor } = pageOf(LIST, rows, PAGE_SIZE, positionOf);
      const owners = new Map<string, string>();
      for (const { organizationId } of items) {
        if (organizationId === null || owners.has(organizationId)) continue;
        owners.set(organizationId, (await organizations.find(organizationId))?.name ?? '');
      }
      const html = pages.render('dashboard/operator/clients', {
        ...operatorTop(visit, platform, 'clients'),
        clients: items.map((client) => toRow(client, owners, visit.csrf)),
        ...(before ? { firstUrl: CLIENTS } : {}),
        ...(nextCursor ? { nextUrl: `${CLIENTS}?cursor=${nextCursor}` } : {}),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

function toggleRoutes({ door, visits, clientService }: Area): void {
  for (const verb of ['disable', 'enable'] as const) {
    door.post(
      `${CLIENTS}/:client/${verb}`,
      visits.ofOperator(async (visit) => {
        const { client: id } = visit.request.params as { client: string };
        if (!looksLikeId(id)) throw new PageNotFoundError();
        const changes = { disabled: verb === 'disable' };
        const { outcome } = await clientService.update(id, changes, visit.audit);
        if (outcome !== 'updated') throw new PageNotFoundError();
        return visit.reply.redirect(`${CLIENTS}?done=client_${verb}d`, 303);
      }),
    );
  }
}

function toRow(
  { id, name, disabled, createdAt, organizationId }: OAuthClient,
  owners: ReadonlyMap<string, string>,
  csrf: string,
) {
  const owner = organizationId === null ? undefined : owners.get(organizationId);
  const kind = disabled ? 'enable' : 'disable';
  return {
    ...{ id, name, disabled, since: createdAt },
    ...(organizationId && owner
      ? { owner: { name: owner, href: organizationPath(organizationId) } }
      : {}),
    toggle: { action: `${CLIENTS}/${id}/${kind}`, csrf, kind } as const,
  };
}

const positionOf = ({ createdAt, id }: OAuthClient) => `${createdAt.getTime()}.${id}`;

/** @throws InvalidCursorError */
function positionIn({ request }: Visit): { createdAt: Date; id: string } | undefined {
  const { cursor } = request.query as { cursor?: unknown };
  const position = readCursor(LIST, cursor === undefined ? undefined : String(cursor), POSITION);
  if (position === undefined) return undefined;
  const [time, id = ''] = position.split('.');
  return { createdAt: new Date(Number(time)), id };
}
