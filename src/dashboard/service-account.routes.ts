import type { FastifyReply } from 'fastify';
import type { ServiceAccount } from '../credentials/service-accounts/service-account.ts';
import { sendPage } from '../doors/browser.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { KeyError } from '../pages/service-account-models.ts';
import { accountErrorsOf, keyErrorOf, nameErrors, readAccountText } from './account-form.ts';
import { showAccountForm } from './account-pages.ts';
import { accountPageOf, accountPath } from './account-view.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { findMaker } from './maker-view.ts';
import { managersOnly } from './managers.ts';
import { noticeOf } from './notices.ts';
import { readPastedKey } from './pasted-key.ts';
import { NotAllowedError, type OrganizationVisit, PageNotFoundError } from './visit.ts';

/** The list of accounts, below which each has its page. */
export const ACCOUNTS = `${OF_ORGANIZATION}/service-accounts`;

const ACCOUNT = `${ACCOUNTS}/:account`;

const NOTICES = [
  ...['account_created', 'account_updated', 'account_disabled', 'account_enabled'],
  ...['account_key_added', 'account_key_removed'],
];

/** One service account: its page, and all that can be done to it. */
export function changingAccountRoutes(area: Area): void {
  const { door, visits } = area;
  door.get(
    ACCOUNT,
    visits.ofOrganization(async (visit) => showAccount(area, visit, await accountOf(area, visit))),
  );
  editRoutes(area);
  keyRoutes(area);
  toggleRoutes(area);
  removalRoutes(area);
}

/** @throws PageNotFoundError for one that isn't there, or isn't the organization's */
async function accountOf(
  { serviceAccounts }: Area,
  { request, maker }: OrganizationVisit,
): Promise<ServiceAccount> {
  const { account: id } = request.params as { account: string };
  const account = looksLikeId(id) ? await serviceAccounts.find(id, maker) : undefined;
  if (!account) throw new PageNotFoundError();
  return account;
}

/** @param added how the form for another key stands, if it was sent in vain */
async function showAccount(
  area: Area,
  visit: OrganizationVisit,
  account: ServiceAccount,
  added?: { text: string; error: KeyError },
): Promise<FastifyReply> {
  const { csrf } = visit;
  const maker = await findMaker(area.database, account);
  const notice = noticeOf(visit, NOTICES);
  const section = 'service_accounts';
  const model = {
    frame: frameOf(visit, area.platform, { section, csrf, ...notice }),
    ...accountPageOf(area, visit, account, maker, added),
  };
  const html = area.pages.render('dashboard/service-accounts/detail', model);
  return sendPage(visit.reply, html, added ? 422 : 200);
}

const done = ({ reply }: OrganizationVisit, account: ServiceAccount, notice: string) =>
  reply.redirect(`${accountPath(account)}?done=${notice}`, 303);

function editRoutes(area: Area): void {
  const { door, visits, serviceAccounts, scopePolicy } = area;

  /** @throws NotAllowedError for an account that can do more than the person may hand on */
  async function withinReach(visit: OrganizationVisit): Promise<ServiceAccount> {
    const account = await accountOf(area, visit);
    managersOnly(visit);
    const beyond = scopePolicy.beyond(account.scopes, visit.maker.scopes);
    if (beyond.length > 0) throw new NotAllowedError();
    return account;
  }

  door.get(
    `${ACCOUNT}/edit`,
    visits.ofOrganization(async (visit) => {
      const account = await withinReach(visit);
      const text = { name: account.name, scopes: account.scopes, key: '' };
      return showAccountForm(area, visit, { text }, account);
    }),
  );
  door.post(
    `${ACCOUNT}/edit`,
    visits.ofOrganization(async (visit) => {
      const account = await withinReach(visit);
      const text = readAccountText(visit.request.body);
      const errors = nameErrors(text);
      if (errors.name) return showAccountForm(area, visit, { text, errors }, account);
      const { name, scopes } = text;
      const wishes = { name, scopes };
      const outcome = await serviceAccounts.update(account.id, wishes, visit.maker, visit.audit);
      if (outcome.outcome === 'not_found') throw new PageNotFoundError();
      if (outcome.outcome === 'done') return done(visit, account, 'account_updated');
      const refused = { text, errors: accountErrorsOf(outcome.problems) };
      return showAccountForm(area, visit, refused, account);
    }),
  );
}

function keyRoutes(area: Area): void {
  const { door, visits, serviceAccounts } = area;
  door.post(
    `${ACCOUNT}/keys`,
    visits.ofOrganization(async (visit) => {
      const account = await accountOf(area, visit);
      managersOnly(visit);
      const { key: pasted } = (visit.request.body ?? {}) as { key?: unknown };
      const read = readPastedKey(pasted);
      if ('error' in read) return showAccount(area, visit, account, { text: '', ...read });
      const { maker, audit } = visit;
      const outcome = await serviceAccounts.addKey(account.id, read.key, maker, audit);
      if (outcome.outcome === 'done') return done(visit, account, 'account_key_added');
      if (outcome.outcome === 'not_found') throw new PageNotFoundError();
      if (outcome.outcome === 'beyond') throw new NotAllowedError();
      const text = JSON.stringify(read.key, undefined, 2);
      return showAccount(area, visit, account, { text, error: keyErrorOf(outcome.problems) });
    }),
  );
  door.post(
    `${ACCOUNT}/keys/remove`,
    visits.ofOrganization(async (visit) => {
      const account = await accountOf(area, visit);
      managersOnly(visit);
      const { kid } = (visit.request.body ?? {}) as { kid?: unknown };
      const { maker, audit } = visit;
      const outcome = await serviceAccounts.removeKey(account.id, String(kid), maker, audit);
      if (outcome.outcome === 'invalid') {
        return showAccount(area, visit, account, { text: '', error: { kind: 'last' } });
      }
      // Whoever removes what is gone already has what they want.
      return done(visit, account, 'account_key_removed');
    }),
  );
}

function toggleRoutes(area: Area): void {
  const { door, visits, serviceAccounts } = area;
  for (const verb of ['disable', 'enable'] as const) {
    door.post(
      `${ACCOUNT}/${verb}`,
      visits.ofOrganization(async (visit) => {
        const account = await accountOf(area, visit);
        managersOnly(visit);
        const wishes = { disabled: verb === 'disable' };
        const { maker, audit } = visit;
        const { outcome } = await serviceAccounts.update(account.id, wishes, maker, audit);
        if (outcome === 'not_found') throw new PageNotFoundError();
        if (outcome !== 'done') throw new NotAllowedError();
        return done(visit, account, `account_${verb}d`);
      }),
    );
  }
}

function removalRoutes(area: Area): void {
  const { door, visits, pages, platform, serviceAccounts } = area;
  door.get(
    `${ACCOUNT}/delete`,
    visits.ofOrganization(async (visit) => {
      const account = await accountOf(area, visit);
      managersOnly(visit);
      const { csrf } = visit;
      const cancelUrl = accountPath(account);
      const frame = frameOf(visit, platform, { section: 'service_accounts', csrf });
      const action = `${cancelUrl}/delete`;
      const model = { frame, account: account.name, action, csrf, cancelUrl };
      return sendPage(visit.reply, pages.render('dashboard/service-accounts/delete', model));
    }),
  );
  door.post(
    `${ACCOUNT}/delete`,
    visits.ofOrganization(async (visit) => {
      const account = await accountOf(area, visit);
      managersOnly(visit);
      await serviceAccounts.remove(account.id, visit.maker, visit.audit);
      const list = pathOf('service_accounts', visit.organization.id);
      return visit.reply.redirect(`${list}?done=account_deleted`, 303);
    }),
  );
}
