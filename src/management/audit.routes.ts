import { Type } from 'typebox';
import { listAuditEvents } from '../audit/audit.store.ts';
import { AUDIT_EVENT_TYPES } from '../audit/audit.ts';
import { auditRecordOf } from '../audit/audit-record.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { narrowedTo } from './principal.ts';
import * as s from './schemas.ts';

const AuditEvent = s.closed(
  {
    id: Type.String({ description: 'Grows with time.' }),
    occurred_at: s.timestamp('When it happened'),
    type: s.choice(AUDIT_EVENT_TYPES, { description: 'What happened.' }),
    actor: s.closed({
      kind: s.choice(['user', 'client', 'api_key', 'service_account', 'admin', 'system'], {
        description: 'admin: whoever holds ADMIN_KEY; system: Gatehouse by itself, or a stranger.',
      }),
      id: s.nullable(Type.String()),
    }),
    organization_id: s.nullable(s.idOf('the organization whose log it is in')),
    target: Type.Unsafe<{ kind: string; id: string } | null>({
      ...s.closed({ kind: Type.String(), id: Type.String() }),
      type: ['object', 'null'],
      description: 'What was acted upon.',
    }),
    address: s.nullable(Type.String(), { description: 'The IP address of the actor.' }),
    request_id: s.nullable(Type.String(), { description: 'As in the log and in `X-Request-Id`.' }),
    details: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'What else is worth knowing; never a secret.',
    }),
  },
  { $id: 'AuditEvent', description: 'A change that matters to security. It is never altered.' },
);

const tags = ['Audit'];

/** The audit log. */
export function auditRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(AuditEvent);

  api.get('/audit', {
    config: { access: 'audit:read' },
    schema: {
      ...{ tags, operationId: 'listAuditEvents', summary: 'List audit events, newest first' },
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('the organization whose log is wanted')),
        type: s.optional(s.choice(AUDIT_EVENT_TYPES, { description: 'Only events of this type.' })),
      }),
      response: { 200: s.pageOf(AuditEvent, 'A page of events.') },
    },
    handler: async ({ query, principal }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor: before, type } = query;
      const organizationId = narrowedTo(principal, query.organization_id);
      const filter = { limit, before, type, organizationId };
      return s.toPage(await listAuditEvents(deps.database, filter), auditRecordOf);
    },
  });
}
