import { type Static, Type } from 'typebox';
import { PLATFORM_ROLES, type User as StoredUser } from '../identity/identity.ts';
import { auditContextOf } from './audit-context.ts';
import { toFieldErrors } from './field-problems.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { invalidField, invalidFields, notFound, ProblemError } from './problems.ts';
import * as s from './schemas.ts';

const User = s.closed(
  {
    id: s.idOf('the user'),
    email: Type.String({ description: 'Lower-cased: the identity of the account.' }),
    name: Type.String(),
    email_verified: Type.Boolean(),
    disabled: Type.Boolean({
      description: "Whether they can't sign in, and nothing issued to them is honoured.",
    }),
    platform_role: s.nullable(s.choice(PLATFORM_ROLES), {
      description: 'operator sees and changes what belongs to the platform; null for others.',
    }),
    second_factor: Type.Boolean({
      description: 'Whether a password is not enough: a passkey is asked for, too.',
    }),
    created_at: s.timestamp('When it was made'),
    updated_at: s.timestamp('When it was last changed'),
  },
  { $id: 'User', description: 'A person who signs in.' },
);

const NewUser = s.closed(
  {
    ...User.properties,
    organization_id: s.optional(s.idOf('the organization it was made a member of')),
    role: s.optional(s.role({ description: 'Its role there.' })),
  },
  { $id: 'NewUser', description: 'A user who was just made.' },
);

const Params = s.closed({ id: s.idOf('the user') });
const tags = ['Users'];
const answer = { 200: s.ref(User, { description: 'The user.' }) };

const name = s.text(1, 200, { description: 'What to call them.' });
const emailVerified = Type.Boolean({ description: 'Whether mail is known to arrive there.' });
const password = s.text(1, 2048, {
  writeOnly: true,
  description: '12 to 256 characters that a guesser would not try first.',
});

/** People: the operator's alone, for one may belong to many tenants. Tenants see their memberships. */
export function userRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.addSchema(User);
  api.addSchema(NewUser);
  addReads(api, deps);
  addCreation(api, deps);
  addChange(api, deps);
  addRemoval(api, deps);
}

function addReads(api: s.ManagementApi, { identity }: ManagementDependencies): void {
  api.get('/users', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'listUsers', summary: 'List users, newest first' },
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('the organization whose members are wanted')),
      }),
      response: { 200: s.pageOf(User, 'A page of users.') },
    },
    handler: async ({ query }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor, organization_id: organizationId } = query;
      return s.toPage(await identity.users.list({ limit, cursor, organizationId }), toUser);
    },
  });

  api.get('/users/:id', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'getUser', summary: 'Read a user' },
      params: Params,
      response: answer,
    },
    handler: async ({ params }) => toUser(found(await identity.findUser(params.id))),
  });
}

function addCreation(api: s.ManagementApi, { identity }: ManagementDependencies): void {
  api.post('/users', {
    config: { access: 'operator', problems: ['email_taken'] },
    schema: {
      ...{ tags, operationId: 'createUser', summary: 'Make a user' },
      description: 'With a place in an organization, if one is named; both happen or neither.',
      body: s.closed({
        email: s.text(1, 254, { format: 'email', description: 'Taken once in the whole server.' }),
        name: s.optional(
          s.text(1, 200, { description: 'By default what stands before the @ of the e-mail.' }),
        ),
        password: s.optional(password),
        email_verified: s.optional(emailVerified),
        organization_id: s.optional(s.idOf('the organization they become a member of')),
        role: s.optional(s.role({ description: 'Their role there; by default member.' })),
      }),
      response: { 201: s.ref(NewUser, { description: 'The user.' }) },
    },
    handler: async (request, reply) => {
      const { email, password, organization_id: organizationId, role } = request.body;
      const name = request.body.name ?? (email.trim().split('@')[0] || email);
      if (role !== undefined && organizationId === undefined) {
        throw invalidField('role', 'is a role in an organization, so it needs organization_id');
      }
      const outcome = await identity.createUser(
        {
          ...{ email, name, password, organizationId, role },
          emailVerified: request.body.email_verified,
        },
        auditContextOf(request),
      );
      if (outcome.outcome !== 'created') throw refusal(outcome);
      const { user, membership } = outcome;
      return reply.code(201).send({
        ...toUser(user),
        ...(membership && { organization_id: membership.organizationId, role: membership.role }),
      });
    },
  });
}

function addChange(api: s.ManagementApi, { identity }: ManagementDependencies): void {
  api.patch('/users/:id', {
    config: { access: 'operator', problems: ['user_disabled'] },
    schema: {
      ...{ tags, operationId: 'updateUser', summary: 'Change a user' },
      description:
        'Disabling ends everything that was issued to the user, and so does a new password.',
      params: Params,
      body: s.closed(
        {
          name: s.optional(name),
          disabled: s.optional(Type.Boolean({ description: 'Shuts them out, or lets them in.' })),
          password: s.optional(password),
          email_verified: s.optional(emailVerified),
          platform_role: s.optional(
            s.nullable(s.choice(PLATFORM_ROLES), {
              description: 'Opens the operator’s pages to them, or closes them.',
            }),
          ),
          second_factor: s.optional(
            Type.Literal(false, {
              description: 'Turns it off, for somebody who has lost passkey and recovery codes.',
            }),
          ),
        },
        { minProperties: 1 },
      ),
      response: answer,
    },
    handler: async (request) => {
      const { name, disabled, password } = request.body;
      const outcome = await identity.changeUser(
        request.params.id,
        {
          ...{ name, disabled, password, emailVerified: request.body.email_verified },
          platformRole: request.body.platform_role,
          secondFactor: request.body.second_factor,
        },
        auditContextOf(request),
      );
      if (outcome.outcome !== 'changed') throw refusal(outcome);
      return toUser(outcome.user);
    },
  });
}

function addRemoval(api: s.ManagementApi, { identity }: ManagementDependencies): void {
  api.delete('/users/:id', {
    config: { access: 'operator', problems: ['last_owner'] },
    schema: {
      ...{ tags, operationId: 'deleteUser', summary: 'Delete a user' },
      description: 'With their memberships and all that was issued to them.',
      params: Params,
      response: { 204: s.deleted('The user is gone.') },
    },
    handler: async (request, reply) => {
      const removed = await identity.users.remove(request.params.id, auditContextOf(request));
      if (!removed) throw notFound('user');
      return reply.code(204).send(null);
    },
  });
}

type Refused = Exclude<
  | Awaited<ReturnType<ManagementDependencies['identity']['createUser']>>
  | Awaited<ReturnType<ManagementDependencies['identity']['changeUser']>>,
  { outcome: 'created' | 'changed' }
>;

function refusal(refused: Refused): ProblemError {
  switch (refused.outcome) {
    case 'invalid':
      return invalidFields(toFieldErrors(refused.problems));
    case 'email_taken':
      return new ProblemError('email_taken', 'Another user has this e-mail address.');
    case 'organization_not_found':
      return invalidField('organization_id', 'is not the id of an organization');
    case 'not_found':
      return notFound('user');
    case 'user_disabled':
      return new ProblemError(
        'user_disabled',
        'Enable the user to set a password: disabled false.',
      );
    case 'throttled':
    case 'overloaded':
      return new ProblemError('unavailable', 'Too many passwords are being hashed. Try again.', {
        retryAfterSeconds: refused.retryAfterSeconds,
      });
  }
}

function found(user: StoredUser | undefined): StoredUser {
  if (!user) throw notFound('user');
  return user;
}

function toUser(user: StoredUser): Static<typeof User> {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    email_verified: user.emailVerified,
    disabled: user.disabled,
    platform_role: user.platformRole,
    second_factor: user.secondFactor,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
