import { wordDenial } from '../../platform/dialect.ts';
import type { NamedLimit, Platform } from '../../platform/platform.ts';
import {
  type Block,
  type Part,
  paragraph,
  type Section,
  sample,
  table,
  when,
} from '../document.ts';
import { code, plain, type Text } from '../inline.ts';
import type { Topic } from '../topic.ts';

/** An example's figure: whole seconds. */
const WAIT_SECONDS = 42;

/** Rates, named limits, their headers, and what to do at the end of them; undefined where nothing is counted. */
export function limits(topic: Topic): Section | undefined {
  const { t, platform, kinds } = topic;
  const isMetered =
    platform.namedLimits.length > 0 || kinds.some((kind) => platform.credentialRateLimits[kind]);
  if (!isMetered) return undefined;
  const parts = [byKind(topic), byName(topic), headers(topic), handling(topic)];
  return {
    id: 'rate-limiting',
    title: t('docs.limits.title'),
    blocks: [paragraph(t('docs.limits.lead'))],
    parts: parts.filter((part) => part !== undefined),
  };
}

function byKind({ t, platform, kinds }: Topic): Part | undefined {
  const rates = kinds.flatMap((kind): Text[][] => {
    const rate = platform.credentialRateLimits[kind];
    if (!rate) return [];
    const { limit, windowSeconds: seconds } = rate;
    return [[t(`docs.kind.${kind}`), t('docs.limits.rate', { limit, seconds })]];
  });
  const { enabled, deliveryRate } = platform.webhooks;
  if (enabled) {
    const { limit, windowSeconds: seconds } = deliveryRate;
    rates.push([t('docs.limits.webhook'), t('docs.limits.deliveries', { limit, seconds })]);
  }
  if (rates.length === 0) return undefined;
  return {
    id: 'rate-limits',
    title: t('docs.limits.by_kind_title'),
    blocks: [
      table(
        t('docs.limits.by_kind_title'),
        [t('docs.column.credential'), t('docs.column.limit')],
        rates,
      ),
    ],
  };
}

function byName(topic: Topic): Part | undefined {
  const { t, platform, kinds } = topic;
  const { namedLimits, documentation } = platform;
  if (namedLimits.length === 0) return undefined;
  const what = (limit: NamedLimit) => {
    const text = plain(documentation.limits[limit.name] ?? limit.title);
    const counting = kinds.filter((kind) => limit.appliesTo.includes(kind));
    const settable = limit.settablePerKey
      ? ` ${t('docs.limits.settable', { limit: limit.limit })}`
      : '';
    if (counting.length === kinds.length) return text + settable;
    const named = counting.map((kind) => t(`docs.kind.${kind}`));
    return `${text}${settable}. ${t('docs.limits.applies_to', { kinds: named })}`;
  };
  return {
    id: 'named-limits',
    title: t('docs.limits.named_title'),
    blocks: [
      paragraph(t('docs.limits.keys_lead')),
      table(
        t('docs.limits.named_title'),
        [
          t('docs.column.name'),
          t('docs.column.description'),
          t('docs.column.limit'),
          t('docs.column.shared_by'),
        ],
        namedLimits.map((limit) => [
          code(limit.name),
          what(limit),
          figure(topic, limit.limit, limit.windowSeconds),
          t(`docs.limits.per.${limit.per}`),
        ]),
      ),
      ...ofPlans(topic, platform),
    ],
  };
}

const figure = ({ t }: Topic, limit: number, seconds: number | null) =>
  t('docs.limits.figure', { limit, seconds });

function ofPlans(topic: Topic, { plans, namedLimits }: Platform): Block[] {
  const { t } = topic;
  const rows = plans.flatMap((plan) =>
    namedLimits.flatMap((limit): Text[][] => {
      const own = plan.limits[limit.name];
      if (!own) return [];
      return [[plain(plan.title), code(limit.name), figure(topic, own.limit, own.windowSeconds)]];
    }),
  );
  if (rows.length === 0) return [];
  const columns = [t('docs.column.plan'), t('docs.column.name'), t('docs.column.limit')];
  return [
    paragraph(t('docs.limits.plans_lead')),
    table(t('docs.limits.plans_lead'), columns, rows),
  ];
}

function headers({ t }: Topic): Part {
  const rows = [
    ['RateLimit-Policy', t('docs.limits.header_policy')],
    ['RateLimit', t('docs.limits.header_state')],
    ['X-RateLimit-Limit', t('docs.limits.header_limit')],
    ['X-RateLimit-Remaining', t('docs.limits.header_remaining')],
    ['X-RateLimit-Reset', t('docs.limits.header_reset')],
    ['Retry-After', t('docs.limits.header_retry_after')],
  ] as const;
  return {
    id: 'rate-limit-headers',
    title: t('docs.limits.headers_title'),
    blocks: [
      paragraph(t('docs.limits.headers_lead')),
      table(
        t('docs.limits.headers_title'),
        [t('docs.column.header'), t('docs.column.description')],
        rows.map(([name, what]) => [code(name), what]),
      ),
    ],
  };
}

function handling({ t, platform }: Topic): Part {
  const { status, body } = wordDenial(platform.dialect, 'rate_limited', {
    retry_after: WAIT_SECONDS,
  });
  const lines = [
    `HTTP/1.1 ${status} Too Many Requests`,
    `Retry-After: ${WAIT_SECONDS}`,
    '',
    JSON.stringify(body, null, 2),
  ];
  const field = fieldWith(body, WAIT_SECONDS);
  return {
    id: 'handling-rate-limits',
    title: t('docs.limits.handling_title'),
    blocks: [
      paragraph(t('docs.limits.handling')),
      sample('too-many-requests', 'http', lines.join('\n')),
      ...when(field, paragraph(t('docs.limits.wait_field', { field: code(field ?? '') }))),
      ...when(!field, paragraph(t('docs.limits.wait_header'))),
    ],
  };
}

/** The name of the body's field that holds the value, at any depth. */
function fieldWith(body: unknown, value: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  for (const [name, inner] of Object.entries(body)) {
    if (inner === value) return name;
    const deeper = fieldWith(inner, value);
    if (deeper) return deeper;
  }
  return undefined;
}
