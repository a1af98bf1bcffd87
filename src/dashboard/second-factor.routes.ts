import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { RecoveryCodesPage } from '../pages/security-models.ts';
import type { Area } from './area.ts';
import { frameOf } from './frame.ts';
import { doneAt, freshOnly, SECURITY, type SecurityDependencies } from './security-page.ts';
import type { Visit } from './visit.ts';

/** Asking for a passkey after the password, and the codes that stand in for one. */
export function secondFactorRoutes(area: Area, deps: SecurityDependencies): void {
  const { door, visits, sentForms } = area;
  const { secondFactor } = deps.proofs;
  const fresh = (handler: (visit: Visit) => Promise<FastifyReply>) =>
    visits.ofPerson(freshOnly(area, handler));
  const claim = ({ user, request }: Visit) =>
    sentForms.claim(user.id, (request.body as { form?: unknown } | null)?.form);

  for (const path of ['second-step/on', 'second-step/off', 'recovery-codes']) {
    door.get(
      `${SECURITY}/${path}`,
      visits.ofPerson(async ({ reply }) => reply.redirect(SECURITY, 303)),
    );
  }
  door.post(
    `${SECURITY}/second-step/on`,
    fresh(async (visit) => {
      if (!(await claim(visit))) return doneAt(visit, 'codes_sent_before');
      const result = await secondFactor.turnOn(visit.user.id, visit.audit);
      if (result.outcome !== 'done') return visit.reply.redirect(SECURITY, 303);
      return showCodes(visit, area, 'turned_on', result.codes);
    }),
  );
  door.post(
    `${SECURITY}/second-step/off`,
    fresh(async (visit) => {
      await secondFactor.turnOff(visit.user.id, visit.audit);
      return doneAt(visit, 'second_factor_off');
    }),
  );
  door.post(
    `${SECURITY}/recovery-codes`,
    fresh(async (visit) => {
      if (!(await claim(visit))) return doneAt(visit, 'codes_sent_before');
      const result = await secondFactor.renewCodes(visit.user.id, visit.audit);
      if (result.outcome !== 'done') return visit.reply.redirect(SECURITY, 303);
      return showCodes(visit, area, 'renewed', result.codes);
    }),
  );
}

function showCodes(
  visit: Visit,
  { pages, platform }: Area,
  reason: RecoveryCodesPage['reason'],
  codes: readonly string[],
): FastifyReply {
  const html = pages.render('dashboard/security/recovery-codes', {
    frame: frameOf(visit, platform, { section: 'security', csrf: visit.csrf }),
    ...{ reason, codes, doneUrl: SECURITY },
  });
  return sendPage(visit.reply, html);
}
