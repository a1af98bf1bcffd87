import { sendPage } from '../doors/browser.ts';
import { InvalidCursorError, pageOf, readCursor } from '../lib/cursor.ts';
import { accountErrorsOf, nameErrors, readAccountText } from './account-form.ts';
import { showAccountForm } from './account-pages.ts';
import { accountPath, accountRowOf } from './account-view.ts';
import type { Area } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { isManager, managersOnly } from './managers.ts';
import { noticeOf } from './notices.ts';
import { readPastedKey } from './pasted-key.ts';
import { ACCOUNTS, changingAccountRoutes } from './service-account.routes.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

const LIST = 'service-accounts';
const PAGE_SIZE = 50;

const NOTICES = ['account_deleted', 'account_sent_before'];

/** The organization's programs that sign their own JWTs, where the platform takes such. */
export function serviceAccountRoutes(area: Area): void {
  if (!area.platform.serviceJwts.enabled) return;
  listRoute(area);
  creationRoutes(area);
  changingAccountRoutes(area);
}

function listRoute({ door, visits, pages, platform, serviceAccounts }: Area): void {
  door.get(
    ACCOUNTS,
    visits.ofOrganization(async (visit) => {
      const organizationId = visit.organization.id;
      const filter = { organizationId, beforeId: positionIn(visit), limit: PAGE_SIZE + 1 };
      const rows = await serviceAccounts.list(filter);
      const { items, nextCursor } = pageOf(LIST, rows, PAGE_SIZE, ({ id }) => id);
      const here = pathOf('service_accounts', organizationId);
      const { csrf } = visit;
      const notice = noticeOf(visit, NOTICES);
      const model = {
        frame: frameOf(visit, platform, { section: 'service_accounts', csrf, ...notice }),
        accounts: items.map(accountRowOf),
        ...(isManager(visit) ? { newUrl: `${here}/new` } : {}),
        ...(nextCursor ? { nextUrl: `${here}?cursor=${nextCursor}` } : {}),
      };
      return sendPage(visit.reply, pages.render('dashboard/service-accounts/list', model));
    }),
  );
}

/** @throws PageNotFoundError for a cursor that the list has not given out */
function positionIn({ request }: OrganizationVisit): string | undefined {
  const { cursor } = request.query as { cursor?: unknown };
  try {
    return readCursor(LIST, cursor === undefined ? undefined : String(cursor));
  } catch (error) {
    throw error instanceof InvalidCursorError ? new PageNotFoundError() : error;
  }
}

function creationRoutes(area: Area): void {
  const { door, visits, serviceAccounts, sentForms } = area;
  door.get(
    `${ACCOUNTS}/new`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      return showAccountForm(area, visit, { text: readAccountText(undefined) });
    }),
  );
  door.post(
    ACCOUNTS,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { organization, maker, audit, reply, request } = visit;
      const { form, key: pasted } = (request.body ?? {}) as { form?: unknown; key?: unknown };
      const read = readPastedKey(pasted);
      // Only what was found to be public goes back into the form.
      const key = 'key' in read ? JSON.stringify(read.key, undefined, 2) : '';
      const text = { ...readAccountText(request.body), key };
      const errors = { ...nameErrors(text), ...('error' in read ? { key: read.error } : {}) };
      if (errors.name || 'error' in read) return showAccountForm(area, visit, { text, errors });
      if (!(await sentForms.claim(visit.user.id, form))) {
        const list = pathOf('service_accounts', organization.id);
        return reply.redirect(`${list}?done=account_sent_before`, 303);
      }
      const { name, scopes } = text;
      const input = { organizationId: organization.id, name, scopes, keys: [read.key] };
      const made = await serviceAccounts.create(input, maker, audit);
      if (made.outcome === 'not_found') throw new PageNotFoundError();
      if (made.outcome !== 'done') {
        return showAccountForm(area, visit, { text, errors: accountErrorsOf(made.problems) });
      }
      return reply.redirect(`${accountPath(made.account)}?done=account_created`, 303);
    }),
  );
}
