import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { Area } from './area.ts';
import {
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorFrame,
  operatorTop,
} from './operator-page.ts';
import type { Visit } from './visit.ts';

const KEYS = OPERATOR_PATHS.signing_keys;

/** The keys that sign tokens; their private parts are on no page. */
export function operatorKeyRoutes(area: Area, { signingKeys }: OperatorDependencies): void {
  const { door, visits, pages, platform } = area;
  door.get(
    KEYS,
    visits.ofOperator(async (visit) => {
      const html = pages.render('dashboard/operator/signing-keys', {
        ...operatorTop(visit, platform, 'signing_keys'),
        keys: signingKeys.all.map(({ kid, status, activatedAt, retiresAt }) => ({
          ...{ kid, status },
          ...(activatedAt ? { activated: activatedAt } : {}),
          ...(retiresAt ? { retires: retiresAt } : {}),
        })),
        rotateUrl: `${KEYS}/rotate`,
      });
      return sendPage(visit.reply, html);
    }),
  );
  door.get(
    `${KEYS}/rotate`,
    visits.ofOperator(async (visit) => showRotation(visit, area)),
  );
  door.post(
    `${KEYS}/rotate`,
    visits.ofOperator(async (visit) => {
      const { force } = (visit.request.body ?? {}) as { force?: unknown };
      const rotation = await signingKeys.rotate(visit.audit.actor, { force: force === 'yes' });
      if (rotation.outcome === 'rotated') {
        return visit.reply.redirect(`${KEYS}?done=keys_rotated`, 303);
      }
      return showRotation(visit, area, rotation.retryAfterSeconds);
    }),
  );
}

function showRotation(visit: Visit, { pages, platform }: Area, waitSeconds?: number): FastifyReply {
  const html = pages.render('dashboard/operator/rotate', {
    frame: operatorFrame(visit, platform),
    form: { action: `${KEYS}/rotate`, csrf: visit.csrf },
    cancelUrl: KEYS,
    ...(waitSeconds ? { waitSeconds } : {}),
  });
  return sendPage(visit.reply, html, waitSeconds ? 422 : 200);
}
