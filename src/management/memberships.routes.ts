import type { Static } from 'typebox';
import {
  isDemotion,
  type Role,
  type Membership as StoredMembership,
} from '../identity/identity.ts';
import type { Page } from '../lib/cursor.ts';
import { auditContextOf } from './audit-context.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { narrowedTo, type Principal } from './principal.ts';
import { invalidField, notFound } from './problems.ts';
import { roleProblem } from './role-reach.ts';
import * as s from './schemas.ts';

const role = s.role({ description: 'From the most to the least powerful.' });

const Membership = s.closed(
  {
    user_id: s.idOf('the user'),
    organization_id: s.idOf('the organization'),
    role,
    created_at: s.timestamp('When the user became a member'),
  },
  { $id: 'Membership', description: "A user's place in an organization." },
);

const Params = s.closed({
  organization_id: s.idOf('the organization'),
  user_id: s.idOf('the user'),
});
const PATH = '/memberships/:organization_id/:user_id';
const tags = ['Memberships'];
const answer = { 200: s.ref(Membership, { description: 'The membership.' }) };

/** Who belongs where. */
export function membershipRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(Membership);
  addReads(api, deps);
  addCreation(api, deps);
  addChanges(api, deps);
}

function addReads(api: s.ManagementApi, { identity }: ManagementDependencies): void {
  const { memberships } = identity;
  api.get('/memberships', {
    config: { access: 'memberships:read' },
    schema: {
      ...{ tags, operationId: 'listMemberships', summary: 'List memberships, newest first' },
      description:
        'Of an organization or of a user: the operator must name one of the two. Others see their own organization.',
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('the organization')),
        user_id: s.optional(s.idOf('the user')),
      }),
      response: { 200: s.pageOf(Membership, 'A page of memberships.') },
    },
    handler: async ({ query, principal }) => {
      const organizationId = narrowedTo(principal, query.organization_id);
      return s.toPage(await listed({ ...query, organizationId }), toMembership);
    },
  });

  api.get(PATH, {
    config: { access: 'memberships:read' },
    schema: {
      ...{ tags, operationId: 'getMembership', summary: 'Read a membership' },
      params: Params,
      response: answer,
    },
    handler: async ({ params, principal }) => {
      const organizationId = organizationIn(params, principal);
      return toMembership(found(await memberships.find(params.user_id, organizationId)));
    },
  });

  async function listed(query: {
    organizationId: string | undefined;
    user_id?: string;
    limit?: number;
    cursor?: string;
  }): Promise<Page<StoredMembership>> {
    const { organizationId, user_id: userId } = query;
    const page = { limit: query.limit ?? s.DEFAULT_PAGE_SIZE, cursor: query.cursor };
    if (organizationId !== undefined && userId !== undefined) {
      const one = await memberships.find(userId, organizationId);
      return s.whole(one ? [one] : []);
    }
    if (organizationId !== undefined) return memberships.listOfOrganization(organizationId, page);
    if (userId !== undefined) return memberships.listOfUser(userId, page);
    throw invalidField('organization_id', 'or user_id is needed', 'query');
  }
}

function addCreation(api: s.ManagementApi, { identity }: ManagementDependencies): void {
  api.post('/memberships', {
    config: { access: 'operator', problems: ['already_member'] },
    schema: {
      ...{ tags, operationId: 'createMembership', summary: 'Make a user a member' },
      body: s.closed({
        user_id: s.idOf('the user'),
        organization_id: s.idOf('the organization'),
        role,
      }),
      response: { 201: s.ref(Membership, { description: 'The membership.' }) },
    },
    handler: async (request, reply) => {
      const { user_id: userId, organization_id: organizationId, role } = request.body;
      const membership = { userId, organizationId, role };
      const made = await identity.memberships.add(membership, auditContextOf(request));
      return reply.code(201).send(toMembership(made));
    },
  });
}

function addChanges(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { memberships } = deps.identity;
  api.patch(PATH, {
    config: { access: 'memberships:write', problems: ['last_owner'] },
    schema: {
      ...{ tags, operationId: 'updateMembership', summary: 'Give a member another role' },
      description:
        'One with less power ends what was issued to the member for the organization. Only the operator makes owners or changes them, and nobody gives more power than they hold.',
      params: Params,
      body: s.closed({ role }),
      response: answer,
    },
    handler: async (request) => {
      const { params, principal } = request;
      const { role } = request.body;
      const wanted = {
        ...{ userId: params.user_id, organizationId: organizationIn(params, principal), role },
      };
      const permits = (current: Role) => mayGiveRole(deps, principal, current, role);
      const changed = await memberships.changeRole(wanted, auditContextOf(request), permits);
      return toMembership(found(changed));
    },
  });

  api.delete(PATH, {
    config: { access: 'memberships:write', problems: ['last_owner'] },
    schema: {
      ...{ tags, operationId: 'deleteMembership', summary: 'End a membership' },
      description: 'And all that was issued to the user for the organization.',
      params: Params,
      response: { 204: s.deleted('The membership has ended.') },
    },
    handler: async (request, reply) => {
      const { params, principal } = request;
      const organizationId = organizationIn(params, principal);
      const permits = (current: Role) => principal?.kind === 'root' || current !== 'owner';
      const audit = auditContextOf(request);
      const ended = await memberships.remove(params.user_id, organizationId, audit, permits);
      if (!ended) throw notFound('membership');
      return reply.code(204).send(null);
    },
  });
}

/** As named in the path, where it is theirs; else one that finds nothing. */
const organizationIn = (params: { organization_id: string }, principal: Principal | null) =>
  narrowedTo(principal, params.organization_id)!;

/** Owners are the operator's to unmake, too. Less power may be given by whoever manages memberships. */
function mayGiveRole(
  deps: ManagementDependencies,
  principal: Principal | null,
  current: Role,
  wanted: Role,
): boolean {
  if (principal?.kind === 'root') return true;
  if (current === 'owner' || wanted === 'owner') return false;
  if (current === wanted || isDemotion(current, wanted)) return true;
  return roleProblem(deps, principal, wanted) === undefined;
}

function found(membership: StoredMembership | undefined): StoredMembership {
  if (!membership) throw notFound('membership');
  return membership;
}

function toMembership(membership: StoredMembership): Static<typeof Membership> {
  return {
    user_id: membership.userId,
    organization_id: membership.organizationId,
    role: membership.role,
    created_at: membership.createdAt.toISOString(),
  };
}
