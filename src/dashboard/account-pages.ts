import type { FastifyReply } from 'fastify';
import type { ServiceAccount } from '../credentials/service-accounts/service-account.ts';
import { sendPage } from '../doors/browser.ts';
import type {
  AccountErrors,
  AccountFormPage,
  AccountText,
} from '../pages/service-account-models.ts';
import { accountPath } from './account-view.ts';
import { permissionsOf } from './app-view.ts';
import type { Area } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';

/** @param account absent: a new one */
export function showAccountForm(
  { pages, platform, sentForms }: Area,
  visit: OrganizationVisit,
  { text, errors }: { text: AccountText; errors?: AccountErrors },
  account?: ServiceAccount,
): FastifyReply {
  const { csrf, organization } = visit;
  const list = pathOf('service_accounts', organization.id);
  const own = account && accountPath(account);
  const model: AccountFormPage = {
    frame: frameOf(visit, platform, { section: 'service_accounts', csrf }),
    ...{ action: own ? `${own}/edit` : list, csrf, cancelUrl: own ?? list, text },
    ...(account ? { account: account.name } : { form: sentForms.newToken() }),
    permissions: permissionsOf(platform, visit.maker.scopes),
    ...(errors ? { errors } : {}),
  };
  const html = pages.render('dashboard/service-accounts/form', model);
  return sendPage(visit.reply, html, errors ? 422 : 200);
}
