import { type Static, Type } from 'typebox';
import { nameProblem, type Organization as StoredOrganization } from '../identity/identity.ts';
import { auditContextOf } from './audit-context.ts';
import { wordsOf } from './field-problems.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { isTheirs, narrowedTo } from './principal.ts';
import { invalidField, notFound, operatorsOnly } from './problems.ts';
import * as s from './schemas.ts';

const Organization = s.closed(
  {
    id: s.idOf('the organization'),
    name: Type.String(),
    plan: Type.String({ description: 'Decides the modules and limits of its credentials.' }),
    created_at: s.timestamp('When it was made'),
    updated_at: s.timestamp('When it was last changed'),
  },
  { $id: 'Organization', description: 'A tenant: clients, keys and memberships belong to one.' },
);

const Params = s.closed({ id: s.idOf('the organization') });
const name = s.text(1, 200, { description: 'What people call it.' });

const tags = ['Organizations'];
const answer = { 200: s.ref(Organization, { description: 'The organization.' }) };

/** The operator's customers; a tenant sees itself. */
export function organizationRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(Organization);
  addReads(api, deps);
  addWrites(api, deps);
  addRemoval(api, deps);
}

function addReads(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { organizations } = deps.identity;

  api.get('/organizations', {
    config: { access: 'organizations:read' },
    schema: {
      ...{ tags, operationId: 'listOrganizations', summary: 'List organizations, newest first' },
      querystring: s.closed(s.pageQuery),
      response: { 200: s.pageOf(Organization, 'A page of organizations.') },
    },
    handler: async ({ query: { limit = s.DEFAULT_PAGE_SIZE, cursor }, principal }) => {
      const own = narrowedTo(principal);
      if (own === undefined) {
        return s.toPage(await organizations.list({ limit, cursor }), toOrganization);
      }
      const organization = await organizations.find(own);
      return s.toPage(s.whole(organization ? [organization] : []), toOrganization);
    },
  });

  api.get('/organizations/:id', {
    config: { access: 'organizations:read' },
    schema: {
      ...{ tags, operationId: 'getOrganization', summary: 'Read an organization' },
      params: Params,
      response: answer,
    },
    handler: async ({ params, principal }) => {
      const isVisible = isTheirs(principal, params.id);
      return toOrganization(found(isVisible ? await organizations.find(params.id) : undefined));
    },
  });
}

function addWrites(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { organizations } = deps.identity;
  const { defaultPlan, plans } = deps.platform;
  const plan = s.choice(
    plans.map((each) => each.name),
    { description: 'A plan that the platform declares.' },
  );

  api.post('/organizations', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'createOrganization', summary: 'Make an organization' },
      body: s.closed({ name, plan: s.optional(plan) }),
      response: { 201: s.ref(Organization, { description: 'The organization.' }) },
    },
    handler: async (request, reply) => {
      const { name, plan = defaultPlan } = request.body;
      checkName(name);
      const made = await organizations.create({ name, plan }, auditContextOf(request));
      return reply.code(201).send(toOrganization(made));
    },
  });

  api.patch('/organizations/:id', {
    config: { access: 'organizations:write' },
    schema: {
      ...{ tags, operationId: 'updateOrganization', summary: 'Change an organization' },
      description: 'Only the operator changes its plan.',
      params: Params,
      body: s.closed({ name: s.optional(name), plan: s.optional(plan) }, { minProperties: 1 }),
      response: answer,
    },
    handler: async (request) => {
      const { params, body, principal } = request;
      if (body.plan !== undefined) operatorsOnly(principal, ['plan']);
      if (body.name !== undefined) checkName(body.name);
      if (!isTheirs(principal, params.id)) throw notFound('organization');
      const changed = await organizations.update(params.id, body, auditContextOf(request));
      return toOrganization(found(changed));
    },
  });
}

function addRemoval(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { organizations } = deps.identity;

  api.delete('/organizations/:id', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'deleteOrganization', summary: 'Delete an organization' },
      description: 'With all that belongs to it and was issued for it. Its users stay.',
      params: Params,
      response: { 204: s.deleted('The organization is gone.') },
    },
    handler: async (request, reply) => {
      const removed = await organizations.remove(request.params.id, auditContextOf(request));
      if (!removed) throw notFound('organization');
      return reply.code(204).send(null);
    },
  });
}

/** @throws ProblemError validation_failed */
function checkName(name: string): void {
  const problem = nameProblem(name);
  if (problem) throw invalidField('name', wordsOf({ field: 'name', code: problem }));
}

function found(organization: StoredOrganization | undefined): StoredOrganization {
  if (!organization) throw notFound('organization');
  return organization;
}

function toOrganization(organization: StoredOrganization): Static<typeof Organization> {
  return {
    id: organization.id,
    name: organization.name,
    plan: organization.plan,
    created_at: organization.createdAt.toISOString(),
    updated_at: organization.updatedAt.toISOString(),
  };
}
