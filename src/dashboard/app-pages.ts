import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { AppErrors, AppFormPage, AppSecretPage, AppText } from '../pages/apps-models.ts';
import { hasUsers } from './app-kinds.ts';
import { appPath, endpointsOf, permissionsOf } from './app-view.ts';
import type { Area } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';

/** How a form stands: as it was opened, or as it was sent and what is wrong with it. */
export interface FormState {
  text: AppText;
  errors?: AppErrors;
  redirectProblems?: AppFormPage['redirectProblems'];
}

/** @param client absent: a new app */
export function showAppForm(
  { pages, platform, sentForms }: Area,
  visit: OrganizationVisit,
  state: FormState,
  client?: OAuthClient,
): FastifyReply {
  const { csrf, organization } = visit;
  const list = pathOf('apps', organization.id);
  const own = client && appPath(organization.id, client.id);
  const model: AppFormPage = {
    frame: frameOf(visit, platform, { section: 'apps', csrf }),
    ...{ action: own ? `${own}/edit` : list, csrf, cancelUrl: own ?? list },
    ...(client ? { app: client.name } : { form: sentForms.newToken() }),
    hasUsers: client ? hasUsers(client) : true,
    text: state.text,
    redirectProblems: state.redirectProblems ?? [],
    permissions: permissionsOf(platform, visit.maker.scopes),
    ...(state.errors ? { errors: state.errors } : {}),
    checkUrl: `${list}/check-redirect-uris${client ? `?client_id=${client.id}` : ''}`,
  };
  const status = state.errors ? 422 : 200;
  return sendPage(visit.reply, pages.render('dashboard/apps/form', model), status);
}

/** The one time a secret is shown: in the answer to the form that made it, and at no address. */
export function showSecret(
  { pages, platform, issuer }: Area,
  visit: OrganizationVisit,
  client: OAuthClient,
  page: Pick<AppSecretPage, 'outcome' | 'secret'> & { oldUntil?: Date },
): FastifyReply {
  const model: AppSecretPage = {
    ...page,
    frame: frameOf(visit, platform, { section: 'apps', csrf: visit.csrf }),
    app: { name: client.name, clientId: client.id },
    endpoints: endpointsOf(issuer, client),
    nextUrl: appPath(visit.organization.id, client.id),
  };
  const status = page.outcome === 'created' ? 201 : 200;
  return sendPage(visit.reply, pages.render('dashboard/apps/secret', model), status);
}
