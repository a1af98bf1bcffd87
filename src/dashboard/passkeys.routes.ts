import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { Passkey } from '../identity/passkeys/passkey.ts';
import type { PasskeyPage } from '../pages/security-models.ts';
import type { Area } from './area.ts';
import { frameOf } from './frame.ts';
import {
  doneAt,
  freshOnly,
  SECURITY,
  type SecurityDependencies,
  showSecurity,
} from './security-page.ts';
import { PageNotFoundError, type Visit } from './visit.ts';

const PASSKEYS = `${SECURITY}/passkeys`;

/** Adding, naming and removing passkeys. */
export function passkeyRoutes(area: Area, deps: SecurityDependencies): void {
  const { door, visits } = area;
  const { passkeys } = deps.proofs;
  const fresh = (handler: (visit: Visit) => Promise<FastifyReply>) =>
    visits.ofPerson(freshOnly(area, handler));

  door.get(
    PASSKEYS,
    visits.ofPerson(async ({ reply }) => reply.redirect(SECURITY, 303)),
  );
  door.post(
    PASSKEYS,
    fresh(async (visit) => {
      const { name, credential } = (visit.request.body ?? {}) as Record<string, unknown>;
      const typed = typeof name === 'string' ? name : '';
      const made = { sessionUid: visit.session.uid, name: typed, answer: credential };
      const result = await passkeys.register(visit.user, made, visit.audit);
      switch (result.outcome) {
        case 'registered':
          return doneAt(visit, 'passkey_added');
        case 'invalid_name': {
          const error = `passkey_name_${result.problem}` as const;
          return showSecurity(visit, area, deps, { error, passkeyName: typed.slice(0, 200) });
        }
        default: {
          const error = `passkey_${result.outcome}` as const;
          return showSecurity(visit, area, deps, { error, passkeyName: typed });
        }
      }
    }),
  );
  door.get(
    `${PASSKEYS}/:passkey`,
    fresh(async (visit) => showPasskey(visit, area, await passkeyOf(visit, deps))),
  );
  for (const verb of ['rename', 'remove'] as const) {
    door.get(
      `${PASSKEYS}/:passkey/${verb}`,
      visits.ofPerson(async ({ reply }) => reply.redirect(SECURITY, 303)),
    );
  }
  door.post(
    `${PASSKEYS}/:passkey/rename`,
    fresh(async (visit) => {
      const passkey = await passkeyOf(visit, deps);
      const { name } = (visit.request.body ?? {}) as { name?: unknown };
      const typed = typeof name === 'string' ? name : '';
      const result = await passkeys.rename({ ...passkey, name: typed }, visit.audit);
      if (result === 'not_found') throw new PageNotFoundError();
      if (result === 'renamed') return doneAt(visit, 'passkey_renamed');
      return showPasskey(visit, area, passkey, { error: result, typed: typed.slice(0, 200) });
    }),
  );
  door.post(
    `${PASSKEYS}/:passkey/remove`,
    fresh(async (visit) => {
      const passkey = await passkeyOf(visit, deps);
      const result = await passkeys.remove(passkey, visit.audit);
      if (result === 'not_found') throw new PageNotFoundError();
      if (result === 'removed') return doneAt(visit, 'passkey_removed');
      return showPasskey(visit, area, passkey, { error: 'needed' });
    }),
  );
}

/** @throws PageNotFoundError for one that isn't there, or isn't theirs */
async function passkeyOf(visit: Visit, { proofs }: SecurityDependencies): Promise<Passkey> {
  const { passkey: id } = visit.request.params as { passkey: string };
  const known = await proofs.passkeys.list(visit.user.id);
  const found = known.find((each) => each.id === id);
  if (!found) throw new PageNotFoundError();
  return found;
}

function showPasskey(
  visit: Visit,
  { pages, platform }: Area,
  { id, name }: Passkey,
  more: Pick<PasskeyPage, 'error' | 'typed'> = {},
): FastifyReply {
  const { csrf } = visit;
  const html = pages.render('dashboard/security/passkey', {
    frame: frameOf(visit, platform, { section: 'security', csrf }),
    ...{ name, backUrl: SECURITY, ...more },
    rename: { action: `${PASSKEYS}/${id}/rename`, csrf },
    remove: { action: `${PASSKEYS}/${id}/remove`, csrf },
  });
  return sendPage(visit.reply, html, more.error ? 422 : 200);
}
