import type { FastifyReply } from 'fastify';
import type { ApiKey } from '../credentials/api-keys/api-key.ts';
import { keyCommand } from '../docs/key-command.ts';
import { sendPage } from '../doors/browser.ts';
import type { KeySecretPage } from '../pages/keys-models.ts';
import type { Area } from './area.ts';
import { keyPath } from './key-path.ts';
import { keyFrame } from './key-visit.ts';
import type { OrganizationVisit } from './visit.ts';

/** The page that shows a key string, once. */
export function sendSecret(
  visit: OrganizationVisit,
  area: Area,
  made: Pick<KeySecretPage, 'outcome' | 'secret' | 'before'> & { key: ApiKey },
): FastifyReply {
  const { key, ...shown } = made;
  const tried = { apiKey: made.secret, organizationId: key.organizationId, scopes: key.scopes };
  const command = keyCommand(tried, area, area);
  const html = area.pages.render('dashboard/keys/secret', {
    frame: keyFrame(visit, area.platform),
    ...{ ...shown, name: key.name, keyUrl: keyPath(key) },
    ...(command ? { command } : {}),
  });
  return sendPage(visit.reply, html, made.outcome === 'created' ? 201 : 200);
}
