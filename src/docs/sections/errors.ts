import { DENIAL_REASONS, type DenialReason } from '../../platform/denial-reasons.ts';
import { wordDenial } from '../../platform/dialect.ts';
import type { Platform } from '../../platform/platform.ts';
import { paragraph, type Section, sample, table } from '../document.ts';
import { code, plain, type Text } from '../inline.ts';
import type { Topic } from '../topic.ts';

/** Every denial that this platform's gate can give, in its dialect. */
export function errors(topic: Topic): Section {
  const { t, platform } = topic;
  const missing = wordDenial(platform.dialect, 'missing_credential');
  return {
    id: 'errors',
    title: t('docs.errors.title'),
    blocks: [
      paragraph(t('docs.errors.lead')),
      table(
        t('docs.errors.title'),
        [
          t('docs.column.status'),
          t('docs.column.code'),
          t('docs.column.meaning'),
          t('docs.column.when'),
        ],
        rowsOf(topic),
      ),
    ],
    parts: [
      {
        id: 'error-format',
        title: t('docs.errors.format_title'),
        blocks: [
          paragraph(t('docs.errors.format')),
          sample('error-format', 'json', JSON.stringify(missing.body, null, 2)),
          paragraph(t('docs.errors.challenge')),
        ],
      },
    ],
  };
}

/** By status; reasons that are worded alike share a row. */
function rowsOf({ t, platform }: Topic): Text[][] {
  const rows = new Map<string, { cells: Text[]; when: Text[] }>();
  const { denials } = platform.dialect;
  const reasons = DENIAL_REASONS.filter((reason) => canHappen(platform, reason));
  for (const reason of reasons.toSorted((a, b) => denials[a].status - denials[b].status)) {
    const { status, code: errorCode, message } = denials[reason];
    const cells = [String(status), code(errorCode), plain(message.replaceAll(/{(\w+)}/g, '<$1>'))];
    const key = JSON.stringify(cells);
    const row = rows.get(key) ?? { cells, when: [] };
    row.when.push(t(`docs.when.${reason}`));
    rows.set(key, row);
  }
  return [...rows.values()].map(({ cells, when }) => [...cells, `${when.join('. ')}.`]);
}

/** Whether the platform file leaves room for the reason at all. */
function canHappen(platform: Platform, reason: DenialReason): boolean {
  const { routes, namedLimits, credentialRateLimits, organizationHeader } = platform;
  switch (reason) {
    case 'organization_required':
      return (organizationHeader?.requiredFor.length ?? 0) > 0;
    case 'organization_mismatch':
      return (
        organizationHeader !== undefined ||
        routes.some(({ organizationParam }) => organizationParam !== undefined)
      );
    case 'not_entitled':
      return routes.some(({ module }) => module !== undefined);
    case 'rate_limited':
      return (
        namedLimits.some(({ kind }) => kind === 'rate') ||
        Object.keys(credentialRateLimits).length > 0
      );
    case 'quota_exceeded':
      return namedLimits.some(({ kind }) => kind === 'quota');
    default:
      return true;
  }
}
