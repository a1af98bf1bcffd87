import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { ThrottleCount } from '../identity/sign-in-throttle.ts';
import type { Area } from './area.ts';
import { OPERATOR_PATHS, type OperatorDependencies, operatorTop } from './operator-page.ts';
import type { Visit } from './visit.ts';

const THROTTLES = OPERATOR_PATHS.throttles;

/** Who is held off for too many attempts. Whom it is about is posted: no address is part of a URL. */
export function operatorThrottleRoutes(area: Area, { throttleDesk }: OperatorDependencies): void {
  const { door, visits } = area;
  door.get(
    THROTTLES,
    visits.ofOperator(async (visit) => show(visit, area, {})),
  );
  door.post(
    THROTTLES,
    visits.ofOperator(async (visit) => {
      const who = whoIn(visit);
      const counts = await throttleDesk.look(who);
      return show(visit, area, counts ? { who, counts } : { who, error: true });
    }),
  );
  door.post(
    `${THROTTLES}/clear`,
    visits.ofOperator(async (visit) => {
      const who = whoIn(visit);
      const cleared = await throttleDesk.clear(who, visit.audit);
      if (!cleared) return show(visit, area, { who, error: true });
      return visit.reply.redirect(`${THROTTLES}?done=throttle_cleared`, 303);
    }),
  );
}

function show(
  visit: Visit,
  { pages, platform }: Area,
  shown: { who?: string; counts?: readonly ThrottleCount[]; error?: boolean },
): FastifyReply {
  const { who = '', counts, error } = shown;
  const html = pages.render('dashboard/operator/throttles', {
    ...operatorTop(visit, platform, 'throttles'),
    form: { action: THROTTLES, csrf: visit.csrf },
    clear: { action: `${THROTTLES}/clear`, csrf: visit.csrf },
    who,
    ...(error ? { error } : {}),
    ...(counts
      ? {
          counts: counts.map(({ kind, attempts, limit, windowEndsAt: until }) => ({
            ...{ kind, attempts: Math.min(attempts, limit), limit, until },
            refused: attempts > limit,
          })),
        }
      : {}),
  });
  return sendPage(visit.reply, html, error ? 422 : 200);
}

function whoIn({ request }: Visit): string {
  const { who } = (request.body ?? {}) as { who?: unknown };
  return typeof who === 'string' ? who.slice(0, 254).trim() : '';
}
