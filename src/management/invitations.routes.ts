import type { Static } from 'typebox';
import { Type } from 'typebox';
import type { AuditActor } from '../audit/audit.ts';
import { INVITATION_STATUSES, type OpenInvitation } from '../identity/invitation.ts';
import { type InviteOutcome, MOST_OPEN, MOST_PER_HOUR } from '../identity/invitations.service.ts';
import { auditContextOf } from './audit-context.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { ownerOf } from './owner.ts';
import { isTheirs, narrowedTo, tenantOf } from './principal.ts';
import {
  type FieldError,
  invalidField,
  notFound,
  ProblemError,
  unknownOrganization,
} from './problems.ts';
import { roleProblem } from './role-reach.ts';
import * as s from './schemas.ts';

const ACTORS = ['user', 'client', 'api_key', 'service_account', 'admin', 'system'] as const;

const properties = {
  id: s.idOf('the invitation'),
  organization_id: s.idOf('the organization to join'),
  email: Type.String({ format: 'email', description: 'Whoever signs in with it may accept.' }),
  role: s.role({ description: 'What they are then.' }),
  status: s.choice(INVITATION_STATUSES, {
    description:
      'void: whoever sent it may not give that role any more, or was a credential that no longer works.',
  }),
  invited_by: s.closed(
    {
      kind: Type.Unsafe<AuditActor['kind']>({ type: 'string', enum: [...ACTORS] }),
      id: s.nullable(Type.String()),
    },
    { description: 'Who sent it last.' },
  ),
  created_at: s.timestamp('When it was made'),
  expires_at: s.timestamp('Seven days after it was sent'),
};

const Invitation = s.closed(properties, {
  $id: 'Invitation',
  description: 'Asks whoever has an address to join an organization.',
});
const InvitationWithLink = s.closed(
  {
    ...properties,
    link: Type.String({
      format: 'uri',
      description: 'For the invited person, this once: it is stored as a hash. We send no mail.',
    }),
  },
  { $id: 'InvitationWithLink', description: 'An invitation that has just been made.' },
);

const tags = ['Invitations'];

/** Who is asked to join: a membership begins when they accept. What manages memberships manages these. */
export function invitationRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(Invitation);
  api.addSchema(InvitationWithLink);
  addList(api, deps);
  addCreation(api, deps);
  addEnd(api, deps);
}

function addList(api: s.ManagementApi, { invitations }: ManagementDependencies): void {
  api.get('/invitations', {
    config: { access: 'memberships:read' },
    schema: {
      ...{ tags, operationId: 'listInvitations', summary: 'List invitations, newest first' },
      description: 'Those that were neither accepted nor revoked.',
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('an organization: only invitations into it')),
      }),
      response: { 200: s.pageOf(Invitation, 'A page of invitations.') },
    },
    handler: async ({ query, principal }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor } = query;
      const organizationId = narrowedTo(principal, query.organization_id) ?? null;
      return s.toPage(await invitations.listOpen(organizationId, { limit, cursor }), toInvitation);
    },
  });
}

function addCreation(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { issuer, invitations } = deps;
  api.post('/invitations', {
    config: {
      access: 'memberships:write',
      problems: ['already_member', 'already_invited', 'too_many_invitations', 'throttled'],
    },
    schema: {
      ...{ tags, operationId: 'createInvitation', summary: 'Invite somebody' },
      description: `Answers with a link for the account of that address, good once and for seven days. Only the operator invites owners, and nobody gives more power than they hold. An organization has at most ${MOST_OPEN} open ones, and sends ${MOST_PER_HOUR} an hour.`,
      body: s.closed({
        organization_id: s.ownOrganization,
        email: s.text(1, 254, { format: 'email' }),
        role: s.role({ description: 'From the most to the least powerful.' }),
      }),
      response: {
        201: s.ref(InvitationWithLink, { description: 'The invitation, with its link.' }),
      },
    },
    handler: async (request, reply) => {
      const { body, principal } = request;
      const { email, role } = body;
      const organizationId = ownerOf(principal, body.organization_id);
      if (!isTheirs(principal, organizationId)) throw unknownOrganization();
      const problem = roleProblem(deps, principal, role);
      if (problem) throw outOfReach(problem);
      const wanted = { organizationId, email, role };
      const made = await invitations.invite(wanted, auditContextOf(request));
      if (made.outcome !== 'invited') throw refusal(made);
      const invitation = toInvitation({ ...made.invitation, status: 'open' });
      const link = `${issuer}/invitations/${made.token}`;
      return reply.code(201).send({ ...invitation, link });
    },
  });
}

function addEnd(api: s.ManagementApi, { invitations }: ManagementDependencies): void {
  api.delete('/invitations/:id', {
    config: { access: 'memberships:write' },
    schema: {
      ...{ tags, operationId: 'revokeInvitation', summary: 'Revoke an invitation' },
      description: 'Its link is nothing any more. Only the operator revokes those of owners.',
      params: s.closed({ id: s.idOf('the invitation') }),
      response: { 204: s.deleted('The invitation is revoked.') },
    },
    handler: async (request, reply) => {
      const { params, principal } = request;
      const { organizationId } = tenantOf(principal);
      const audit = auditContextOf(request);
      const permits = (role: string) => principal?.kind === 'root' || role !== 'owner';
      const outcome = await invitations.revoke(organizationId, params.id, audit, permits);
      if (outcome === 'not_found') throw notFound('invitation');
      if (outcome === 'role_out_of_reach') {
        throw new ProblemError('forbidden', 'Whoever asks may not take back a role like that.');
      }
      return reply.code(204).send(null);
    },
  });
}

function outOfReach(message: string): ProblemError {
  const errors: FieldError[] = [{ in: 'body', path: 'role', message }];
  return new ProblemError('forbidden', `The role ${message}.`, { errors });
}

function refusal(refused: Exclude<InviteOutcome, { outcome: 'invited' }>): ProblemError {
  switch (refused.outcome) {
    case 'email_required':
      return invalidField('email', 'must not be empty');
    case 'email_invalid':
      return invalidField('email', 'is not valid');
    case 'not_found':
      return unknownOrganization();
    case 'role_out_of_reach':
      return outOfReach('is more than the user may give, for whom the credential acts');
    case 'already_member':
      return new ProblemError('already_member', 'Whoever has this address is a member already.');
    case 'already_invited':
      return new ProblemError('already_invited', 'This address has an open invitation already.');
    case 'too_many':
      return new ProblemError(
        'too_many_invitations',
        `An organization has at most ${refused.most} open invitations. Revoke some first.`,
      );
    case 'throttled': {
      const { retryAfterSeconds } = refused;
      const detail = `An organization sends at most ${MOST_PER_HOUR} invitations an hour. Try again in ${retryAfterSeconds} seconds.`;
      return new ProblemError('throttled', detail, { retryAfterSeconds });
    }
  }
}

function toInvitation(invitation: Omit<OpenInvitation, 'inviterName'>): Static<typeof Invitation> {
  const { id, organizationId, email, role, status, invitedBy } = invitation;
  return {
    ...{ id, organization_id: organizationId, email, role, status },
    invited_by: { kind: invitedBy.kind, id: invitedBy.id ?? null },
    created_at: invitation.createdAt.toISOString(),
    expires_at: invitation.expiresAt.toISOString(),
  };
}
