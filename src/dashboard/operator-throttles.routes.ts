import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { Refused, ThrottleCount } from '../identity/sign-in-throttle.ts';
import type { OperatorThrottle, OperatorThrottlesPage } from '../pages/operator-models.ts';
import type { Area } from './area.ts';
import {
  askedFor,
  listed,
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorFrame,
  operatorTop,
} from './operator-page.ts';
import type { Visit } from './visit.ts';

const THROTTLES = OPERATOR_PATHS.throttles;
const PAGE_SIZE = 50;

/** Who is held off for too many attempts. Whom it is about is posted: no address is part of a URL. */
export function operatorThrottleRoutes(area: Area, deps: OperatorDependencies): void {
  listRoute(area, deps);
  lookRoutes(area, deps);
  liftRoutes(area, deps);
}

function listRoute(area: Area, { throttleDesk }: OperatorDependencies): void {
  area.door.get(
    THROTTLES,
    area.visits.ofOperator(async (visit) => {
      const { cursor, links } = askedFor(visit, THROTTLES);
      const found = await listed(() => throttleDesk.list({ cursor, limit: PAGE_SIZE }));
      return show(visit, area, {
        refused: found.items.map((one) => ({ ...toModel(one), href: `${THROTTLES}/${one.id}` })),
        ...links(found),
      });
    }),
  );
}

function lookRoutes(area: Area, { throttleDesk }: OperatorDependencies): void {
  const { door, visits } = area;
  door.post(
    THROTTLES,
    visits.ofOperator(async (visit) => {
      const who = whoIn(visit);
      const counts = await throttleDesk.look(who);
      if (!counts) return show(visit, area, { who, error: true });
      return show(visit, area, { who, counts: counts.map(toCount) });
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

/** One of the list: asked about first, then lifted. */
function liftRoutes(area: Area, { throttleDesk }: OperatorDependencies): void {
  const { door, visits, pages, platform } = area;
  const gone = `${THROTTLES}?done=throttle_gone`;
  const idIn = ({ request }: Visit) => (request.params as { throttle: string }).throttle;
  door.get(
    `${THROTTLES}/:throttle`,
    visits.ofOperator(async (visit) => {
      const refused = await throttleDesk.find(idIn(visit));
      if (!refused) return visit.reply.redirect(gone, 303);
      const html = pages.render('dashboard/operator/lift', {
        frame: operatorFrame(visit, platform),
        ...toModel(refused),
        form: { action: `${THROTTLES}/${refused.id}/lift`, csrf: visit.csrf },
        cancelUrl: THROTTLES,
      });
      return sendPage(visit.reply, html);
    }),
  );
  door.post(
    `${THROTTLES}/:throttle/lift`,
    visits.ofOperator(async (visit) => {
      const lifted = await throttleDesk.lift(idIn(visit), visit.audit);
      return visit.reply.redirect(lifted ? `${THROTTLES}?done=throttle_cleared` : gone, 303);
    }),
  );
}

function show(
  visit: Visit,
  { pages, platform }: Area,
  shown: Partial<OperatorThrottlesPage>,
): FastifyReply {
  const html = pages.render('dashboard/operator/throttles', {
    ...operatorTop(visit, platform, 'throttles'),
    form: { action: THROTTLES, csrf: visit.csrf },
    clear: { action: `${THROTTLES}/clear`, csrf: visit.csrf },
    ...{ listUrl: THROTTLES, who: '', ...shown },
  });
  return sendPage(visit.reply, html, shown.error ? 422 : 200);
}

const toCount = ({ kind, attempts, limit, windowEndsAt: until }: ThrottleCount) => ({
  ...{ kind, attempts: Math.min(attempts, limit), limit, until },
  refused: attempts > limit,
});

function toModel({ whom, windowBeganAt: since, ...count }: Refused): OperatorThrottle {
  return { ...toCount(count), since, ...(whom ? { whom } : {}) };
}

function whoIn({ request }: Visit): string {
  const { who } = (request.body ?? {}) as { who?: unknown };
  return typeof who === 'string' ? who.slice(0, 254).trim() : '';
}
