import type { DenialReason } from '../../../platform/denial-reasons.ts';

/** How much the API is called, and what was refused. */

const hour = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const dayAndHour = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' },
});
const figure = new Intl.NumberFormat('en-GB');

interface Sums {
  allowed: number;
  refused: number;
}

interface Start {
  date: Date;
}

const requests = (count: number) =>
  `${figure.format(count)} ${count === 1 ? 'request' : 'requests'}`;

/** Why the gate said no, for a developer who looks at the figures. */
const reasons: Record<`usage.reason.${DenialReason}`, string> = {
  'usage.reason.malformed_request': 'The request could not be read safely',
  'usage.reason.route_not_found': 'No such path, or not with that method',
  'usage.reason.missing_credential': 'No key or token was sent',
  'usage.reason.ambiguous_credential': 'More than one key or token was sent',
  'usage.reason.invalid_api_key': 'The key was unknown, disabled or revoked',
  'usage.reason.expired_credential': 'The key had expired',
  'usage.reason.invalid_token': 'The token was not valid',
  'usage.reason.expired_token': 'The token had expired',
  'usage.reason.address_not_allowed': 'The address was not on the key’s list',
  'usage.reason.organization_required': 'The organization was not named',
  'usage.reason.organization_mismatch': 'Another organization was named',
  'usage.reason.insufficient_permission': 'The key lacked the permission',
  'usage.reason.insufficient_scope': 'The token lacked the scope',
  'usage.reason.not_entitled': 'The plan did not include it',
  'usage.reason.rate_limited': 'Too many requests in a short time',
  'usage.reason.quota_exceeded': 'The quota was used up',
  'usage.reason.temporarily_unavailable': 'A part of the service was away',
  'usage.reason.upstream_unreachable': 'The API could not be reached',
  'usage.reason.upstream_timeout': 'The API did not answer in time',
};

export const usage = {
  ...reasons,
  'usage.title': 'Usage',
  'usage.lead': 'Every request that was decided upon, by hour and by day. Times are in UTC.',
  'usage.range': 'Range',
  'usage.range.day': 'Last 24 hours',
  'usage.range.week': 'Last 7 days',
  'usage.range.month': 'Last 30 days',
  'usage.key': 'API key',
  'usage.any_key': 'All credentials',
  'usage.route': 'Route',
  'usage.any_route': 'All routes',
  'usage.narrow': 'Show',
  'usage.plain': 'Show everything',
  'usage.busy': 'Many people are reading usage just now. Load the page again in a moment.',
  'usage.allowed': 'Allowed',
  'usage.refused': 'Refused',
  'usage.total': 'Requests',
  'usage.requests': (p: { count: number }) => figure.format(p.count),
  'usage.summary': (p: Sums & { range: string }) =>
    `${p.range}: ${requests(p.allowed + p.refused)}, ${figure.format(p.allowed)} allowed and ${figure.format(p.refused)} refused.`,
  'usage.bar': (p: Sums & { when: string }) =>
    `${p.when}: ${figure.format(p.allowed)} allowed, ${figure.format(p.refused)} refused`,
  'usage.none': 'No requests in this time.',
  'usage.table': 'The figures',
  'usage.start': 'From',
  'usage.reasons': 'Why requests were refused',
  'usage.no_refusals': 'None was refused.',
  'usage.reason': 'Reason',
  'usage.mark.day': (p: Start) => hour.format(p.date),
  'usage.mark.week': (p: Start) => day.format(p.date),
  'usage.mark.month': (p: Start) => day.format(p.date),
  'usage.when.day': (p: Start) => dayAndHour.format(p.date),
  'usage.when.week': (p: Start) => day.format(p.date),
  'usage.when.month': (p: Start) => day.format(p.date),
};
