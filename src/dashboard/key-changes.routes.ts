import type { FastifyReply } from 'fastify';
import { type ApiKey, type ApiKeyInLine, shutOutBy } from '../credentials/api-keys/api-key.ts';
import { sendPage } from '../doors/browser.ts';
import type { KeyPage } from '../pages/keys-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { pathOf } from './frame.ts';
import { keyPath } from './key-path.ts';
import { sendSecret } from './key-secret-page.ts';
import { mayChange, toDetails, toRow } from './key-view.ts';
import {
  done,
  type KeyPageDependencies,
  keyFrame,
  keyOf,
  keyToChange,
  leaksOf,
  makerNames,
} from './key-visit.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** How long the string before goes on working. */
const OVERLAPS: NonNullable<KeyPage['change']>['overlaps'] = [
  { seconds: DAY_SECONDS, kind: 'days', count: 1 },
  { seconds: HOUR_SECONDS, kind: 'hours', count: 1 },
  { seconds: 7 * DAY_SECONDS, kind: 'days', count: 7 },
  { seconds: 30 * DAY_SECONDS, kind: 'days', count: 30 },
  { seconds: 0, kind: 'now', count: 0 },
];

/** A key's own page, and what is done about it. */
export function keyChangeRoutes(area: Area, deps: KeyPageDependencies): void {
  const { door, visits } = area;
  door.get(
    `${OF_ORGANIZATION}/keys/:key`,
    visits.ofOrganization(async (visit) => sendKey(visit, area, deps, await keyOf(visit, deps))),
  );
  rotationRoutes(area, deps);
  shuttingRoutes(area, deps);
  revocationRoutes(area, deps);
}

function rotationRoutes(area: Area, deps: KeyPageDependencies): void {
  const { door, visits, sentForms } = area;
  door.post(
    `${OF_ORGANIZATION}/keys/:key/rotate`,
    visits.ofOrganization(async (visit) => {
      const key = await keyToChange(visit, deps);
      const { form, overlap } = (visit.request.body ?? {}) as Record<string, unknown>;
      const seconds = OVERLAPS.find((one) => String(one.seconds) === overlap)?.seconds;
      if (seconds === undefined) return sendKey(visit, area, deps, key, 'overlap');
      const url = keyPath(key);
      if (!(await sentForms.claim(visit.user.id, form))) return done(visit, url, 'key_form_sent');
      const rotated = await deps.apiKeys.rotate(key.id, seconds, visit.maker, visit.audit);
      if (rotated.outcome === 'not_found') throw new PageNotFoundError();
      if (rotated.outcome !== 'done') return sendKey(visit, area, deps, key, 'beyond');
      const [, before] = rotated.key.secrets;
      const until = seconds > 0 ? before?.expiresAt : undefined;
      return sendSecret(visit, area, {
        ...{ outcome: 'rotated', secret: rotated.secret, key: rotated.key },
        ...(before ? { before: { hint: before.hint, ...(until ? { until } : {}) } } : {}),
      });
    }),
  );
}

function shuttingRoutes(area: Area, deps: KeyPageDependencies): void {
  const { door, visits, clock } = area;
  const shut = (disabled: boolean) =>
    visits.ofOrganization(async (visit) => {
      const key = await keyToChange(visit, deps);
      const changed = await deps.apiKeys.update(key.id, { disabled }, visit.maker, visit.audit);
      if (changed.outcome === 'not_found') throw new PageNotFoundError();
      if (changed.outcome !== 'done') return sendKey(visit, area, deps, key, 'beyond');
      const enabled = shutOutBy(changed.key, clock.now()) ? 'key_enabled_shut_out' : 'key_enabled';
      return done(visit, keyPath(key), disabled ? 'key_disabled' : enabled);
    });
  door.post(`${OF_ORGANIZATION}/keys/:key/disable`, shut(true));
  door.post(`${OF_ORGANIZATION}/keys/:key/enable`, shut(false));
}

function revocationRoutes(area: Area, deps: KeyPageDependencies): void {
  const { door, visits, pages, platform, clock } = area;
  door.get(
    `${OF_ORGANIZATION}/keys/:key/revoke`,
    visits.ofOrganization(async (visit) => {
      const key = await keyToChange(visit, deps);
      const [names, descendants] = await Promise.all([
        makerNames([key], visit, deps),
        deps.apiKeys.countDescendants(key.id),
      ]);
      const html = pages.render('dashboard/keys/revoke', {
        frame: keyFrame(visit, platform),
        key: toRow(key, { platform, visit, names, now: clock.now() }),
        descendants,
        form: { action: `${keyPath(key)}/revoke`, csrf: visit.csrf },
      });
      return sendPage(visit.reply, html);
    }),
  );
  door.post(
    `${OF_ORGANIZATION}/keys/:key/revoke`,
    visits.ofOrganization(async (visit) => {
      const key = await keyToChange(visit, deps);
      const revoked = await deps.apiKeys.revoke(key.id, visit.maker, visit.audit);
      if (!revoked) throw new PageNotFoundError();
      return done(visit, pathOf('keys', visit.organization.id), 'key_revoked');
    }),
  );
}

async function sendKey(
  visit: OrganizationVisit,
  { pages, platform, clock, sentForms }: Area,
  deps: KeyPageDependencies,
  key: ApiKeyInLine,
  error?: KeyPage['error'],
): Promise<FastifyReply> {
  const now = clock.now();
  const ofKey = { credentialId: key.id };
  const [names, leaks, day, month] = await Promise.all([
    makerNames([key], visit, deps),
    leaksOf([key], deps),
    deps.usageReports(key.organizationId, 'day', ofKey),
    deps.usageReports(key.organizationId, 'month', ofKey),
  ]);
  const html = pages.render('dashboard/keys/detail', {
    frame: keyFrame(visit, platform),
    key: toRow(key, { platform, visit, names, leaks, now }),
    listUrl: pathOf('keys', key.organizationId),
    ...toDetails(key, platform, visit.organization, now),
    ...(day === 'busy' || month === 'busy' ? {} : { usage: { day, month } }),
    usageUrl: `${pathOf('usage', key.organizationId)}?key=${key.id}`,
    ...(mayChange(visit, key) && !key.revokedAt
      ? { change: changesOf(key, visit.csrf, sentForms.newToken()) }
      : {}),
    ...(error ? { error } : {}),
  });
  return sendPage(visit.reply, html, error ? STATUS_OF_ERROR[error] : 200);
}

const STATUS_OF_ERROR = { beyond: 403, overlap: 422 } as const;

function changesOf(key: ApiKey, csrf: string, token: string): NonNullable<KeyPage['change']> {
  const kind = key.disabledAt ? 'enable' : 'disable';
  return {
    rotate: { action: `${keyPath(key)}/rotate`, csrf, token },
    overlaps: OVERLAPS,
    shut: { action: `${keyPath(key)}/${kind}`, csrf, kind },
    revokeUrl: `${keyPath(key)}/revoke`,
  };
}
