import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import { type FoundClient, searchClients } from '../oauth/clients/client-search.store.ts';
import { platformText } from '../pages/platform-text.ts';
import type { Area } from './area.ts';
import {
  askedFor,
  clientPath,
  listed,
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorTop,
  organizationPath,
} from './operator-page.ts';
import { PageNotFoundError, type Visit } from './visit.ts';

const PAGE_SIZE = 50;
const CLIENTS = OPERATOR_PATHS.clients;

/** Every client, and shutting one out. */
export function operatorClientRoutes(area: Area, deps: OperatorDependencies): void {
  listRoute(area, deps);
  clientRoute(area);
  toggleRoutes(area);
}

function listRoute(
  { door, visits, pages, platform }: Area,
  { database }: OperatorDependencies,
): void {
  door.get(
    CLIENTS,
    visits.ofOperator(async (visit) => {
      const { search, cursor, links } = askedFor(visit, CLIENTS);
      const found = await listed(() =>
        searchClients(database.pool, search, { cursor, limit: PAGE_SIZE }),
      );
      const html = pages.render('dashboard/operator/clients', {
        ...operatorTop(visit, platform, 'clients'),
        ...{ searchUrl: CLIENTS, search, ...links(found) },
        clients: found.items.map((client) => ({
          ...about(client, visit.csrf),
          href: clientPath(client.id),
        })),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

function clientRoute(area: Area): void {
  const { door, visits, clientService } = area;
  door.get(
    clientPath(':client'),
    visits.ofOperator(async (visit) => {
      const client = await clientService.find(idIn(visit));
      if (!client) throw new PageNotFoundError();
      return showClient(visit, area, client);
    }),
  );
}

function toggleRoutes({ door, visits, clientService }: Area): void {
  for (const verb of ['disable', 'enable'] as const) {
    const path = `${clientPath(':client')}/${verb}`;
    door.post(
      path,
      visits.ofOperator(async (visit) => {
        const id = idIn(visit);
        const changes = { disabled: verb === 'disable' };
        const { outcome } = await clientService.update(id, changes, visit.audit);
        if (outcome !== 'updated') throw new PageNotFoundError();
        return visit.reply.redirect(`${clientPath(id)}?done=client_${verb}d`, 303);
      }),
    );
    // Loaded again, or come back to after signing in.
    door.get(
      path,
      visits.ofOperator(async (visit) => visit.reply.redirect(clientPath(idIn(visit)), 303)),
    );
  }
}

function showClient(visit: Visit, { pages, platform }: Area, client: OAuthClient): FastifyReply {
  const declared = new Map(platform.scopes.map((scope) => [scope.name, scope]));
  const html = pages.render('dashboard/operator/client', {
    ...operatorTop(visit, platform, 'clients'),
    ...about(client, visit.csrf),
    listUrl: CLIENTS,
    proof: { kind: client.tokenEndpointAuthMethod },
    grantTypes: client.grantTypes,
    redirectUris: client.redirectUris,
    scopes: client.scopes.map((name) => {
      const scope = declared.get(name);
      return { name, ...(scope ? { title: platformText(platform, scope, 'title') } : {}) };
    }),
    secrets: client.secrets.map(({ hint, expiresAt }) => ({
      hint,
      ...(expiresAt ? { until: expiresAt } : {}),
    })),
  });
  return sendPage(visit.reply, html);
}

/** What a list and its own page say of it. */
function about(
  { id, name, disabled, createdAt, organizationId, organizationName }: FoundClient,
  csrf: string,
) {
  const kind = disabled ? 'enable' : 'disable';
  return {
    ...{ id, name, disabled, since: createdAt },
    ...(organizationId
      ? {
          owner: {
            name: organizationName ?? organizationId,
            href: organizationPath(organizationId),
          },
        }
      : {}),
    toggle: { action: `${clientPath(id)}/${kind}`, csrf, kind } as const,
  };
}

/** @throws PageNotFoundError for what names nothing */
function idIn({ request }: Visit): string {
  const { client } = request.params as { client: string };
  if (!looksLikeId(client)) throw new PageNotFoundError();
  return client;
}
