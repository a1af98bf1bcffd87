import { STATUS_OF_WAIT, waitOf } from '../identity/account-forms.ts';
import type { PasswordForm } from '../pages/security-models.ts';
import type { Area } from './area.ts';
import { passkeyRoutes } from './passkeys.routes.ts';
import { secondFactorRoutes } from './second-factor.routes.ts';
import { doneAt, SECURITY, type SecurityDependencies, showSecurity } from './security-page.ts';
import { PageNotFoundError } from './visit.ts';

/** How the person signs in, and where they are signed in. */
export function securityRoutes(area: Area, deps: SecurityDependencies): void {
  const { door, visits } = area;
  door.get(
    SECURITY,
    visits.ofPerson((visit) => showSecurity(visit, area, deps)),
  );
  sessionRoutes(area, deps);
  passwordRoutes(area, deps);
  passkeyRoutes(area, deps);
  secondFactorRoutes(area, deps);
}

function sessionRoutes({ door, visits }: Area, { userSessions }: SecurityDependencies): void {
  door.post(
    `${SECURITY}/sessions/end-others`,
    visits.ofPerson(async (visit) => {
      await userSessions.endOthers(visit.user.id, visit.session.uid, visit.audit);
      return doneAt(visit, 'sessions_ended');
    }),
  );
  door.post(
    `${SECURITY}/sessions/:session/end`,
    visits.ofPerson(async (visit) => {
      const { session: uid } = visit.request.params as { session: string };
      const ended = await userSessions.end(visit.user.id, uid, visit.audit);
      if (!ended) throw new PageNotFoundError();
      return doneAt(visit, 'session_ended');
    }),
  );
}

function passwordRoutes(area: Area, deps: SecurityDependencies): void {
  const { door, visits } = area;
  door.get(
    `${SECURITY}/password`,
    // A reload of a form that was answered with its errors begins anew.
    visits.ofPerson(async ({ reply }) => reply.redirect(SECURITY, 303)),
  );
  door.post(
    `${SECURITY}/password`,
    visits.ofPerson(async (visit) => {
      const { user, session, request, reply } = visit;
      const result = await deps.identity.changePassword({
        ...{ userId: user.id, address: request.ip, requestId: request.id },
        currentPassword: textOf(request.body, 'current_password'),
        newPassword: textOf(request.body, 'new_password'),
      });
      switch (result.outcome) {
        case 'changed': {
          // Every session has ended, this one too; its person goes on in a new one.
          const { amr, remembered: remember } = session;
          await deps.sessions.begin(request, reply, { userId: user.id, remember, amr });
          return doneAt(visit, 'password_changed');
        }
        case 'rejected':
          return showSecurity(visit, area, deps, { password: { current_password: 'rejected' } });
        case 'invalid': {
          const code = result.problems[0]?.code as NonNullable<
            PasswordForm['errors']
          >['new_password'];
          return showSecurity(visit, area, deps, { password: { new_password: code } });
        }
        default: {
          const form = { kind: result.outcome, waitSeconds: waitOf(reply, result) };
          const status = STATUS_OF_WAIT[result.outcome];
          return showSecurity(visit, area, deps, { password: { form }, status });
        }
      }
    }),
  );
}

/** A field that is missing or came twice is empty. */
export function textOf(body: unknown, name: string): string {
  const value = ((body ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}
