import { type Static, Type } from 'typebox';
import { type ServiceAccount, statusOf } from '../credentials/service-accounts/service-account.ts';
import type {
  ServiceAccountOutcome,
  ServiceAccountProblem,
} from '../credentials/service-accounts/service-accounts.service.ts';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { auditContextOf } from './audit-context.ts';
import { CreatedBy, createdByQuery, toCreatedBy } from './created-by.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { makerOf, narrowedTo, type Principal, tenantOf } from './principal.ts';
import {
  type FieldError,
  invalidField,
  invalidFields,
  notFound,
  ProblemError,
} from './problems.ts';
import * as s from './schemas.ts';

const LIST = 'service-accounts';
const MOST_KEYS = 10;

/** A key as it is kept: its public members, and always a kid, an algorithm and what it is for. */
const RegisteredKey = s.closed({
  kid: Type.String(),
  alg: Type.String({ description: 'The one algorithm it signs with.' }),
  use: s.choice(['sig']),
  kty: Type.String(),
  crv: s.optional(Type.String()),
  x: s.optional(Type.String()),
  y: s.optional(Type.String()),
  n: s.optional(Type.String()),
  e: s.optional(Type.String()),
});

const Account = s.closed(
  {
    id: s.idOf('the account: the iss and sub of its JWTs'),
    organization_id: s.idOf('the organization it acts for'),
    name: Type.String(),
    scopes: Type.Array(Type.String(), { description: 'Exactly what it may do.' }),
    jwks: s.closed({ keys: Type.Array(RegisteredKey) }),
    status: s.choice(['active', 'disabled']),
    created_by: CreatedBy,
    last_used_at: s.nullable(s.timestamp('When it was last used, to the minute')),
    created_at: s.timestamp('When it was made'),
    updated_at: s.timestamp('When it was last changed'),
  },
  { $id: 'ServiceAccount', description: 'A program that signs its own JWTs (RFC 7523).' },
);

/** Members nobody knows are not kept; what is wrong with the others is said by the service. */
const GivenKeys = s.closed(
  {
    keys: Type.Array(
      Type.Object({ kty: s.text(1, 20) }, { additionalProperties: Type.Unknown() }),
      { minItems: 1, maxItems: MOST_KEYS },
    ),
  },
  {
    description:
      'Public keys (RFC 7517 §5): EC P-256 or P-384, Ed25519, RSA of 2048 bits or more. Without a kid, the thumbprint is it (RFC 7638); alg is fixed with the key, by default ES256, ES384, EdDSA or RS256.',
  },
);

const Params = s.closed({ id: s.idOf('the account') });
const writable = {
  name: s.text(1, 100, { description: 'What it is for.' }),
  scopes: s.list(s.text(1, 200), 200, { description: 'What it may do. Empty is nothing.' }),
  jwks: GivenKeys,
};

const tags = ['Service accounts'];
const answer = { 200: s.ref(Account, { description: 'The account.' }) };

/** Programs that prove who they are by signing. Gatehouse knows the public half of their keys. */
export function serviceAccountRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(Account);
  addReads(api, deps);
  addCreation(api, deps);
  addChanges(api, deps);
}

function addReads(
  api: s.ManagementApi,
  { credentials: { serviceAccounts } }: ManagementDependencies,
): void {
  api.get('/service-accounts', {
    config: { access: 'service-accounts:read' },
    schema: {
      ...{ tags, operationId: 'listServiceAccounts' },
      summary: 'List service accounts, newest first',
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('an organization: only its accounts')),
        created_by: createdByQuery('accounts'),
      }),
      response: { 200: s.pageOf(Account, 'A page of accounts.') },
    },
    handler: async ({ query, principal }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor } = query;
      const accounts = await serviceAccounts.list({
        organizationId: narrowedTo(principal, query.organization_id) ?? null,
        createdBy: query.created_by,
        beforeId: readCursor(LIST, cursor),
        limit: limit + 1,
      });
      return s.toPage(
        pageOf(LIST, accounts, limit, ({ id }) => id),
        toAccount,
      );
    },
  });

  api.get('/service-accounts/:id', {
    config: { access: 'service-accounts:read' },
    schema: {
      ...{ tags, operationId: 'getServiceAccount', summary: 'Read a service account' },
      params: Params,
      response: answer,
    },
    handler: async ({ params: { id }, principal }) => {
      const account = looksLikeId(id)
        ? await serviceAccounts.find(id, tenantOf(principal))
        : undefined;
      if (!account) throw noSuchAccount();
      return toAccount(account);
    },
  });
}

function addCreation(
  api: s.ManagementApi,
  { credentials: { serviceAccounts } }: ManagementDependencies,
): void {
  api.post('/service-accounts', {
    config: { access: 'service-accounts:write' },
    schema: {
      ...{ tags, operationId: 'createServiceAccount', summary: 'Make a service account' },
      body: s.closed({
        organization_id: s.optional(
          s.idOf('the organization it acts for; by default that of whoever asks'),
        ),
        ...writable,
      }),
      response: { 201: s.ref(Account, { description: 'The account.' }) },
    },
    handler: async (request, reply) => {
      const { body, principal } = request;
      const { name, scopes, jwks } = body;
      const organizationId = body.organization_id ?? ownOrganization(principal);
      const input = { organizationId, name, scopes, keys: jwks.keys };
      const outcome = looksLikeId(organizationId)
        ? await serviceAccounts.create(input, makerOf(principal), auditContextOf(request))
        : NOT_FOUND;
      if (outcome.outcome === 'not_found') {
        throw invalidField('organization_id', 'is not the id of an organization');
      }
      return reply.code(201).send(toAccount(accountOf(outcome)));
    },
  });
}

function addChanges(
  api: s.ManagementApi,
  { credentials: { serviceAccounts } }: ManagementDependencies,
): void {
  api.patch('/service-accounts/:id', {
    config: { access: 'service-accounts:write' },
    schema: {
      ...{ tags, operationId: 'updateServiceAccount', summary: 'Change a service account' },
      description:
        '`jwks` replaces every key: to change keys without a gap, send old and new, and the new alone when everything signs with it. A key that is left out ends its JWTs at once; access tokens got with it expire by themselves. Disabling the account, or taking a scope away, ends its access tokens too.',
      params: Params,
      body: s.closed(
        {
          name: s.optional(writable.name),
          scopes: s.optional(writable.scopes),
          jwks: s.optional(writable.jwks),
          disabled: s.optional(Type.Boolean({ description: 'Shuts it out, or lets it in.' })),
        },
        { minProperties: 1 },
      ),
      response: answer,
    },
    handler: async (request) => {
      const { params, principal } = request;
      const { jwks, ...same } = request.body;
      const wishes = { ...same, ...(jwks === undefined ? {} : { keys: jwks.keys }) };
      const audit = auditContextOf(request);
      const outcome = looksLikeId(params.id)
        ? await serviceAccounts.update(params.id, wishes, makerOf(principal), audit)
        : NOT_FOUND;
      return toAccount(accountOf(outcome));
    },
  });

  api.delete('/service-accounts/:id', {
    config: { access: 'service-accounts:write' },
    schema: {
      ...{ tags, operationId: 'deleteServiceAccount', summary: 'Delete a service account' },
      description: 'Its JWTs and its access tokens end at once.',
      params: Params,
      response: { 204: s.deleted('The account is deleted.') },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const tenant = tenantOf(request.principal);
      const deleted =
        looksLikeId(id) && (await serviceAccounts.remove(id, tenant, auditContextOf(request)));
      if (!deleted) throw noSuchAccount();
      return reply.code(204).send(null);
    },
  });
}

const NOT_FOUND: ServiceAccountOutcome = { outcome: 'not_found' };

const noSuchAccount = () => notFound('service account');

/** The operator has none, and says which. */
function ownOrganization(principal: Principal | null): string {
  const { organizationId } = tenantOf(principal);
  if (organizationId !== null) return organizationId;
  throw invalidField('organization_id', 'is missing: say which organization it acts for');
}

function accountOf(outcome: ServiceAccountOutcome): ServiceAccount {
  if (outcome.outcome === 'not_found') throw noSuchAccount();
  if (outcome.outcome === 'done') return outcome.account;
  const errors = outcome.problems.map(toFieldError);
  if (outcome.outcome === 'invalid') throw invalidFields(errors);
  const detail = 'The account would be able to do more than whoever asks.';
  throw new ProblemError('forbidden', detail, { errors });
}

const toFieldError = ({ field, message }: ServiceAccountProblem): FieldError => ({
  in: 'body',
  path: field,
  message,
});

function toAccount(account: ServiceAccount): Static<typeof Account> {
  return {
    id: account.id,
    organization_id: account.organizationId,
    name: account.name,
    scopes: [...account.scopes],
    jwks: { keys: account.keys.map((key) => ({ ...key })) },
    status: statusOf(account),
    created_by: toCreatedBy(account.createdBy),
    last_used_at: account.lastUsedAt?.toISOString() ?? null,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
  };
}
