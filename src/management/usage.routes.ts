import { type Static, Type } from 'typebox';
import { readTimestamp } from '../lib/timestamp.ts';
import { DENIAL_REASONS } from '../platform/denial-reasons.ts';
import { didYouMean } from '../platform/suggest.ts';
import { USAGE_INTERVALS, type UsageInterval } from '../usage/usage.service.ts';
import { USAGE_GROUPS, type UsageBucket, type UsageGroup } from '../usage/usage.store.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { tenantOf } from './principal.ts';
import { type FieldError, invalidField, invalidFields, ProblemError } from './problems.ts';
import * as s from './schemas.ts';

const OUTCOMES = ['allowed', ...DENIAL_REASONS] as const;

const Bucket = s.closed(
  {
    start: s.timestamp('When its hour or day begins, in UTC'),
    organization_id: s.nullable(s.idOf('the organization'), {
      description: 'Whose requests; null: of nobody known, such as those without a credential.',
    }),
    credential_kind: s.optional(
      s.nullable(Type.String(), { description: 'When grouped by credential; null: not known.' }),
    ),
    credential_id: s.optional(
      s.nullable(Type.String(), {
        description:
          'When grouped by credential: the id of the API key, of the token’s grant or client, …; null: not known.',
      }),
    ),
    route: s.optional(
      s.nullable(Type.String(), {
        description:
          'When grouped by route: method and path of the platform file; null: none fitted.',
      }),
    ),
    outcome: s.optional(
      s.choice(OUTCOMES, {
        description: 'When grouped by outcome: allowed, or the canonical reason of the denial.',
      }),
    ),
    requests: Type.Integer({ description: 'How many requests there were; never 0.' }),
  },
  { $id: 'UsageBucket', description: 'The requests of an hour or a day.' },
);

const querystring = s.closed({
  ...s.pageQuery,
  organization_id: s.optional(s.idOf('an organization: only its requests')),
  from: s.optional(
    s.timestamp('Inclusive, taken down to a full hour or day; default: 24 hours before `to`'),
  ),
  to: s.optional(
    s.timestamp('Exclusive, taken up to a full hour or day; default: the end of this hour'),
  ),
  interval: s.optional(
    s.choice(Object.keys(USAGE_INTERVALS) as UsageInterval[], {
      description: `How long a bucket is, in UTC; default: hour. By hour, ${USAGE_INTERVALS.hour.maxDays} days are read at once, by day ${USAGE_INTERVALS.day.maxDays}, which is how long counts are kept.`,
    }),
  ),
  group_by: s.optional(
    Type.String({
      maxLength: 100,
      description: `What to tell requests apart by: any of ${USAGE_GROUPS.join(', ')}, with commas.`,
    }),
  ),
  credential_id: s.optional(s.idOf('a credential: only its requests')),
  route: s.optional(
    s.text(1, 1_000, { description: 'Only requests of this route: `GET /v1/notes/*`.' }),
  ),
  outcome: s.optional(s.choice(OUTCOMES, { description: 'Only requests that ended so.' })),
});

const tags = ['Usage'];

/** How much the platform’s API is called. */
export function usageRoutes(api: s.ManagementApi, { usage }: ManagementDependencies): void {
  api.addSchema(Bucket);

  api.get('/usage', {
    config: { access: 'usage:read' },
    schema: {
      ...{ tags, operationId: 'listUsage', summary: 'Read usage by hour or day' },
      description:
        'Every request the gate decided upon, denied ones included, in the order of time; what is ' +
        'not there is zero. An hour is complete half a minute after its end.',
      querystring,
      response: { 200: s.pageOf(Bucket, 'A page of buckets.') },
    },
    handler: async ({ query, principal }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, interval = 'hour', cursor, outcome } = query;
      const answer = await usage.read(tenantOf(principal), {
        ...parse(query),
        ...{ organizationId: query.organization_id, credentialId: query.credential_id },
        ...{ route: query.route, interval, limit, cursor, outcome },
      });
      if (answer.outcome === 'busy') throw tooManyReaders();
      if (answer.outcome === 'invalid') throw invalidField(answer.field, answer.message, 'query');
      return s.toPage(answer.page, toBucket);
    },
  });
}

const tooManyReaders = () =>
  new ProblemError('unavailable', 'Too many read usage at this moment. Try again.', {
    retryAfterSeconds: 2,
  });

/** @throws ProblemError validation_failed, with all that cannot be read */
function parse({ from, to, group_by = '' }: Static<typeof querystring>) {
  const errors: FieldError[] = [];
  const instant = (path: 'from' | 'to', text: string | undefined) => {
    const read = text === undefined ? undefined : readTimestamp(text);
    if (text !== undefined && read === undefined) errors.push(unreadable(path, text));
    return read;
  };
  const groups = group_by.split(',').filter((group) => group !== '');
  for (const group of groups) {
    if (!isGroup(group)) errors.push(unknownGroup(group));
  }
  const parsed = {
    from: instant('from', from),
    to: instant('to', to),
    groupBy: groups.filter(isGroup),
  };
  if (errors.length > 0) throw invalidFields(errors);
  return parsed;
}

const isGroup = (text: string): text is UsageGroup =>
  (USAGE_GROUPS as readonly string[]).includes(text);

function unreadable(path: string, text: string): FieldError {
  const message = 'must be a date and time like 2030-01-31T00:00:00Z (RFC 3339)';
  // What a plus sign in a URL stands for.
  const hint = / \d\d:\d\d$/.test(text) ? { hint: 'Write + as %2B in a URL.' } : {};
  return { in: 'query', path, message, ...hint };
}

function unknownGroup(group: string): FieldError {
  const hint = didYouMean(group, USAGE_GROUPS);
  const message = `can have ${USAGE_GROUPS.join(', ')}, with commas between them`;
  return { in: 'query', path: 'group_by', message, ...(hint ? { hint } : {}) };
}

const toBucket = (bucket: UsageBucket): Static<typeof Bucket> => ({
  start: bucket.start.toISOString(),
  organization_id: bucket.organizationId,
  ...(bucket.credentialKind === undefined ? {} : { credential_kind: bucket.credentialKind }),
  ...(bucket.credentialId === undefined ? {} : { credential_id: bucket.credentialId }),
  ...(bucket.route === undefined ? {} : { route: bucket.route }),
  ...(bucket.outcome === undefined ? {} : { outcome: bucket.outcome }),
  requests: bucket.requests,
});
