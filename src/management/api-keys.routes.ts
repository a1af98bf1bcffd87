import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { type ApiKeyInLine, shutOutBy, statusOf } from '../credentials/api-keys/api-key.ts';
import type { ApiKeyOutcome, KeyRefusal } from '../credentials/api-keys/api-keys.service.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { readTimestamp } from '../lib/timestamp.ts';
import { auditContextOf } from './audit-context.ts';
import { CreatedBy, createdByQuery, toCreatedBy } from './created-by.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { ownerOf } from './owner.ts';
import { makerOf, narrowedTo, tenantOf } from './principal.ts';
import {
  type FieldError,
  invalidField,
  notFound,
  ProblemError,
  unknownOrganization,
} from './problems.ts';
import * as s from './schemas.ts';

const STATUSES = ['active', 'disabled', 'expired', 'revoked'] as const;
const Limits = Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), {
  description: 'Figures of its own, by the name of a limit that keys may set.',
});

const ShutOutBy = s.nullable(
  s.closed({
    id: s.nullable(Type.String(), { description: 'Null: it is not yours to see.' }),
    status: s.choice(['disabled', 'expired', 'revoked']),
  }),
  {
    description:
      'The nearest of the keys it descends from that does not work: as long as that one does not, this one is refused, too, whatever its `status`. Null: they all work.',
  },
);

const properties = {
  id: s.idOf('the key'),
  hint: Type.String({ description: 'How the key begins and ends.' }),
  organization_id: s.idOf('the organization it acts for'),
  name: Type.String(),
  environment: Type.String({ description: 'The key environment that its prefix names.' }),
  permission_set: s.nullable(Type.String(), { description: 'The bundle it was made with.' }),
  scopes: Type.Array(Type.String(), { description: 'Exactly what it may do.' }),
  limits: Limits,
  allowed_addresses: Type.Array(Type.String(), {
    description: 'Addresses and ranges it may come from; empty is anywhere.',
  }),
  status: s.choice(STATUSES, { description: 'Its own; see also `shut_out_by`.' }),
  shut_out_by: ShutOutBy,
  created_by: {
    ...CreatedBy,
    description:
      'Who or what made it. One that has been deleted since is still named by its id; a key that is not yours to see is not.',
  },
  expires_at: s.nullable(s.timestamp('When it stops working')),
  last_used_at: s.nullable(s.timestamp('When it was last used, to the minute')),
  created_at: s.timestamp('When it was made'),
  updated_at: s.timestamp('When it was last changed'),
};

const Key = s.closed(properties, { $id: 'ApiKey', description: 'A key for the platform’s API.' });
const KeyWithSecret = s.closed(
  { ...properties, key: Type.String({ description: 'The key itself, this once.' }) },
  { $id: 'ApiKeyWithSecret', description: 'An API key that has just been made or rotated.' },
);

const Params = s.closed({ id: s.idOf('the key') });
const writable = {
  name: s.text(1, 100, { description: 'What it is for.' }),
  permission_set: s.text(1, 100, { description: 'A bundle the platform declares.' }),
  scopes: s.list(s.text(1, 200), 200, { description: 'Instead of a bundle. Empty is nothing.' }),
  limits: Limits,
  allowed_addresses: s.list(s.text(1, 50), 100, { description: 'Addresses and CIDR ranges.' }),
  expires_at: s.nullable(s.timestamp('When it stops working')),
};

const tags = ['API keys'];
const answer = { 200: s.ref(Key, { description: 'The key.' }) };
const LONGEST_OVERLAP_SECONDS = 30 * 86_400;
const MAKERS_POWER =
  'Nobody makes, widens, enables or rotates a key that holds more than they do, in scopes, limits, addresses, expiry or environment.';

/** Keys for the platform's API. The key itself is shown once. */
export function apiKeyRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(Key);
  api.addSchema(KeyWithSecret);
  addReads(api, deps);
  addCreation(api, deps);
  addChanges(api, deps);
  addEnds(api, deps);
}

function addReads(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.get('/api-keys', {
    config: { access: 'api-keys:read' },
    schema: {
      ...{ tags, operationId: 'listApiKeys', summary: 'List API keys, newest first' },
      description: 'Revoked ones are left out.',
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('an organization: only its keys')),
        created_by: createdByQuery('keys'),
      }),
      response: { 200: s.pageOf(Key, 'A page of keys.') },
    },
    handler: async ({ query, principal }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor } = query;
      const before = readCursor('api-keys', cursor);
      const keys = await deps.credentials.apiKeys.list({
        organizationId: narrowedTo(principal, query.organization_id) ?? null,
        ...{ includeRevoked: false, createdBy: query.created_by },
        beforeId: before,
        limit: limit + 1,
      });
      const page = pageOf('api-keys', keys, limit, (key) => key.id);
      return s.toPage(page, (key) => toKey(key, deps));
    },
  });

  api.get('/api-keys/:id', {
    config: { access: 'api-keys:read' },
    schema: {
      ...{ tags, operationId: 'getApiKey', summary: 'Read an API key' },
      params: Params,
      response: answer,
    },
    handler: async ({ params, principal }) => {
      const key = looksLikeId(params.id)
        ? await deps.credentials.apiKeys.find(params.id, tenantOf(principal))
        : undefined;
      if (!key) throw notFound('API key');
      return toKey(key, deps);
    },
  });
}

function addCreation(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.post('/api-keys', {
    config: { access: 'api-keys:write' },
    schema: {
      ...{ tags, operationId: 'createApiKey', summary: 'Make an API key' },
      description: `${MAKERS_POWER} What a key does not say of the one it makes, that one takes over. It never allows more than the one that made it does at the time, and ends with it.`,
      body: s.closed({
        organization_id: s.ownOrganization,
        name: writable.name,
        environment: s.optional(
          s.text(1, 100, {
            description: 'Default: that of the key that makes it, else the platform’s first.',
          }),
        ),
        permission_set: s.optional(writable.permission_set),
        scopes: s.optional(writable.scopes),
        limits: s.optional(writable.limits),
        allowed_addresses: s.optional(writable.allowed_addresses),
        expires_at: s.optional(writable.expires_at),
      }),
      response: { 201: s.ref(KeyWithSecret, { description: 'The key, with its secret.' }) },
    },
    handler: async (request, reply) => {
      const { body, principal } = request;
      const input = {
        ...{ organizationId: ownerOf(principal, body.organization_id), name: body.name },
        ...{ environment: body.environment, permissionSet: body.permission_set },
        ...{ scopes: body.scopes, limits: body.limits, allowedAddresses: body.allowed_addresses },
        expiresAt: toDate(body.expires_at),
      };
      const audit = auditContextOf(request);
      const outcome = await deps.credentials.apiKeys.create(input, makerOf(principal), audit);
      if (outcome.outcome === 'not_found') throw unknownOrganization();
      return reply.code(201).send(toKeyWithSecret(outcome, deps));
    },
  });

  api.post('/api-keys/:id/rotate', {
    config: { access: 'api-keys:write' },
    schema: {
      ...{ tags, operationId: 'rotateApiKey', summary: 'Give an API key a new secret' },
      description: `Both work for \`overlap_seconds\`; then the old one stops. No more than ten old ones work at a time. ${MAKERS_POWER}`,
      params: Params,
      body: s.closed({
        overlap_seconds: s.optional(
          Type.Integer({ minimum: 0, maximum: LONGEST_OVERLAP_SECONDS, description: 'Default 0.' }),
        ),
      }),
      response: { 200: s.ref(KeyWithSecret, { description: 'The key, with its new secret.' }) },
    },
    handler: async (request) => {
      const { params, body } = request;
      const overlap = body.overlap_seconds ?? 0;
      const audit = auditContextOf(request);
      const maker = makerOf(request.principal);
      if (!looksLikeId(params.id)) throw notFound('API key');
      const outcome = await deps.credentials.apiKeys.rotate(params.id, overlap, maker, audit);
      return toKeyWithSecret(outcome, deps);
    },
  });
}

function addChanges(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.patch('/api-keys/:id', {
    config: { access: 'api-keys:write' },
    schema: {
      ...{ tags, operationId: 'updateApiKey', summary: 'Change an API key' },
      params: Params,
      body: s.closed(
        {
          name: s.optional(writable.name),
          permission_set: s.optional(writable.permission_set),
          scopes: s.optional(writable.scopes),
          limits: s.optional(writable.limits),
          allowed_addresses: s.optional(writable.allowed_addresses),
          expires_at: s.optional(writable.expires_at),
          disabled: s.optional(Type.Boolean({ description: 'Shuts it out, or lets it in.' })),
        },
        { minProperties: 1 },
      ),
      response: answer,
    },
    handler: async (request) => {
      const { permission_set, allowed_addresses, expires_at, ...same } = request.body;
      const changes = {
        ...same,
        ...(permission_set === undefined ? {} : { permissionSet: permission_set }),
        ...(allowed_addresses === undefined ? {} : { allowedAddresses: allowed_addresses }),
        ...(expires_at === undefined ? {} : { expiresAt: toDate(expires_at) ?? null }),
      };
      return toKey(await change(deps, request, changes), deps);
    },
  });

  api.post('/api-keys/:id/disable', {
    config: { access: 'api-keys:write' },
    schema: {
      ...{ tags, operationId: 'disableApiKey', summary: 'Shut an API key out' },
      params: Params,
      response: answer,
    },
    handler: async (request) => toKey(await change(deps, request, { disabled: true }), deps),
  });
}

function addEnds(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.delete('/api-keys/:id', {
    config: { access: 'api-keys:write' },
    schema: {
      ...{ tags, operationId: 'revokeApiKey', summary: 'Revoke an API key for good' },
      description:
        'The keys that it made are revoked with it, and those that they made. To go on with another string, rotate it.',
      params: Params,
      response: { 204: s.deleted('The key is revoked, and what it made.') },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const revoked =
        looksLikeId(id) &&
        (await deps.credentials.apiKeys.revoke(
          id,
          tenantOf(request.principal),
          auditContextOf(request),
        ));
      if (!revoked) throw notFound('API key');
      return reply.code(204).send(null);
    },
  });
}

type Changes = Parameters<Credentials['apiKeys']['update']>[1];

async function change(
  deps: ManagementDependencies,
  request: FastifyRequest<{ Params: { id: string } }>,
  changes: Changes,
): Promise<ApiKeyInLine> {
  const { id } = request.params;
  if (!looksLikeId(id)) throw notFound('API key');
  const maker = makerOf(request.principal);
  const audit = auditContextOf(request);
  const outcome = await deps.credentials.apiKeys.update(id, changes, maker, audit);
  if (outcome.outcome !== 'done') throw refusal(outcome);
  return outcome.key;
}

function toKeyWithSecret(
  outcome: ApiKeyOutcome,
  deps: ManagementDependencies,
): Static<typeof KeyWithSecret> {
  if (outcome.outcome !== 'done') throw refusal(outcome);
  return { ...toKey(outcome.key, deps), key: outcome.secret };
}

function refusal(refused: KeyRefusal): ProblemError {
  if (refused.outcome === 'not_found') return notFound('API key');
  const errors = refused.problems.map(
    ({ field, message }): FieldError => ({ in: 'body', path: field, message }),
  );
  return refused.outcome === 'beyond'
    ? new ProblemError('forbidden', 'The key would hold more than whoever asks; see errors.', {
        errors,
      })
    : new ProblemError('validation_failed', 'The key cannot be like this.', { errors });
}

/** @throws ProblemError validation_failed where the schema's date-time is no moment that Date has */
function toDate(text: string | null | undefined): Date | null | undefined {
  if (typeof text !== 'string') return text;
  const date = readTimestamp(text);
  if (date === undefined) {
    throw invalidField(
      'expires_at',
      'must be a date and time like 2030-01-31T00:00:00Z (RFC 3339)',
    );
  }
  return date;
}

/** Another organization's key is named here as little as in `shut_out_by`. */
function createdByOf({ createdBy, above }: ApiKeyInLine): Static<typeof CreatedBy> {
  if (createdBy.kind !== 'api_key') return toCreatedBy(createdBy);
  return toCreatedBy({ kind: createdBy.kind, id: above[0]?.id ?? null });
}

function toKey(key: ApiKeyInLine, { clock }: ManagementDependencies): Static<typeof Key> {
  const now = clock.now();
  return {
    id: key.id,
    hint: key.secrets[0]?.hint ?? '',
    organization_id: key.organizationId,
    name: key.name,
    environment: key.environment,
    permission_set: key.permissionSet,
    scopes: [...key.scopes],
    limits: { ...key.limits },
    allowed_addresses: [...key.allowedAddresses],
    status: statusOf(key, now),
    shut_out_by: shutOutBy(key, now) ?? null,
    created_by: createdByOf(key),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    created_at: key.createdAt.toISOString(),
    updated_at: key.updatedAt.toISOString(),
  };
}
