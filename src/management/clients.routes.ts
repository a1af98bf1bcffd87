import { Type } from 'typebox';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { GrantType, OAuthClient } from '../oauth/clients/client.ts';
import type { ClientProblem } from '../oauth/clients/clients.service.ts';
import { auditContextOf } from './audit-context.ts';
import {
  allOptional,
  Client,
  clientName,
  METADATA,
  PublicKeys,
  privateKeyErrors,
  RegisteredClient,
  type SomeMetadata,
  toClient,
  toClientInput,
} from './client-metadata.ts';
import type { ManagementDependencies } from './management.routes.ts';
import {
  type FieldError,
  invalidField,
  invalidFields,
  notFound,
  ProblemError,
} from './problems.ts';
import * as s from './schemas.ts';

const Params = s.closed({ client_id: s.idOf('the client') });
const tags = ['Clients'];
const answer = { 200: s.ref(Client, { description: 'The client.' }) };
const names = {
  name: s.optional(clientName),
  client_name: s.optional(
    s.text(1, 200, { description: 'The same as `name`, in the words of RFC 7591.' }),
  ),
};

/** OAuth 2 clients. */
export function clientRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  for (const schema of [PublicKeys, Client, RegisteredClient]) api.addSchema(schema);
  addReads(api, deps);
  addCreation(api, deps);
  addChange(api, deps);
  addRotation(api, deps);
  addRemoval(api, deps);
}

const LIST = 'clients';
/** Milliseconds since the epoch, then the id. */
const POSITION = /^(\d{1,13})\.([A-Za-z0-9_-]{1,64})$/;

function addReads(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { clientService } = deps.oauth;
  api.get('/clients', {
    config: { access: 'clients:read' },
    schema: {
      ...{ tags, operationId: 'listClients', summary: 'List clients, newest first' },
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('the organization whose clients are wanted')),
      }),
      response: { 200: s.pageOf(Client, 'A page of clients.') },
    },
    handler: async ({ query }) => {
      const { limit: size = s.DEFAULT_PAGE_SIZE, organization_id: organizationId } = query;
      const before = parsePosition(readCursor(LIST, query.cursor, POSITION));
      const isKnown = organizationId === undefined || looksLikeId(organizationId);
      const filter = { organizationId, before, limit: size + 1 };
      const rows = isKnown ? await clientService.list(filter) : [];
      return s.toPage(pageOf(LIST, rows, size, positionOf), toClient);
    },
  });

  api.get('/clients/:client_id', {
    config: { access: 'clients:read' },
    schema: {
      ...{ tags, operationId: 'getClient', summary: 'Read a client' },
      params: Params,
      response: answer,
    },
    handler: async ({ params }) => toClient(await findClient(deps, params.client_id)),
  });
}

function addCreation(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { identity, oauth } = deps;
  api.post('/clients', {
    config: { access: 'clients:write' },
    schema: {
      ...{ tags, operationId: 'createClient', summary: 'Register a client' },
      description: 'Its secret, where its way of authenticating needs one, is shown this once.',
      body: s.closed({
        ...names,
        organization_id: s.optional(
          s.nullable(s.idOf('its organization'), {
            description: "Its organization. Absent or null: the operator's own client.",
          }),
        ),
        ...allOptional(METADATA),
      }),
      response: { 201: s.ref(RegisteredClient, { description: 'The client.' }) },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const name = nameOf(body);
      if (name === undefined) throw invalidField('name', 'is missing: text of 1 to 200 characters');
      checkKeys(body);
      const organizationId = body.organization_id ?? null;
      if (organizationId !== null && !(await identity.organizations.find(organizationId))) {
        throw invalidField('organization_id', 'is not the id of an organization');
      }
      const input = { grantTypes: defaultGrants(body), ...toClientInput(body) };
      const outcome = await oauth.clientService.create(
        { ...input, name, organizationId },
        auditContextOf(request),
      );
      if (outcome.outcome === 'invalid') throw refusal(outcome.problems, body);
      const { client, secret } = outcome;
      return reply.code(201).send({
        ...toClient(client),
        ...(secret && { client_secret: secret, client_secret_expires_at: 0 }),
      });
    },
  });
}

function addChange(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.patch('/clients/:client_id', {
    config: { access: 'clients:write' },
    schema: {
      ...{ tags, operationId: 'updateClient', summary: 'Change a client' },
      description:
        'Disabling ends everything that was issued to it. A client that begins to authenticate with a secret gets it by a rotation.',
      params: Params,
      body: s.closed(
        {
          ...names,
          ...allOptional(METADATA),
          disabled: s.optional(Type.Boolean({ description: 'Shuts it out, or lets it in.' })),
        },
        { minProperties: 1 },
      ),
      response: answer,
    },
    handler: async (request) => {
      const { params, body } = request;
      const name = nameOf(body);
      checkKeys(body);
      const changes = {
        ...toClientInput(body),
        ...(name !== undefined && { name }),
        ...(body.disabled !== undefined && { disabled: body.disabled }),
      };
      const audit = auditContextOf(request);
      if (!looksLikeId(params.client_id)) throw notFound('client');
      const outcome = await deps.oauth.clientService.update(params.client_id, changes, audit);
      if (outcome.outcome === 'invalid') throw refusal(outcome.problems, body);
      return toClient(found(outcome.outcome === 'updated' ? outcome.client : undefined));
    },
  });
}

const LONGEST_OVERLAP_SECONDS = 30 * 86_400;

function addRotation(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.post('/clients/:client_id/rotate-secret', {
    config: { access: 'clients:write', problems: ['client_has_no_secret'] },
    schema: {
      ...{ tags, operationId: 'rotateClientSecret', summary: 'Give a client a new secret' },
      params: Params,
      body: Type.Unsafe<{ overlap_seconds?: number } | null>({
        ...s.closed({
          overlap_seconds: s.optional(
            Type.Integer({
              ...{ minimum: 0, maximum: LONGEST_OVERLAP_SECONDS, default: 0 },
              description: 'How long the old secret goes on working.',
            }),
          ),
        }),
        type: ['object', 'null'],
      }),
      response: {
        200: s.closed(
          {
            client_id: s.idOf('the client'),
            client_secret: Type.String({ description: 'Shown this once.' }),
            client_secret_expires_at: Type.Integer({ description: '0: never.' }),
          },
          { description: 'The new secret.' },
        ),
      },
    },
    handler: async (request) => {
      const client = await findClient(deps, request.params.client_id);
      if (!client.tokenEndpointAuthMethod.startsWith('client_secret_')) {
        const detail = `The client authenticates with ${client.tokenEndpointAuthMethod}.`;
        throw new ProblemError('client_has_no_secret', detail);
      }
      const overlapSeconds = request.body?.overlap_seconds ?? 0;
      const audit = auditContextOf(request);
      const secret = await deps.oauth.clientService.rotateSecret(client, overlapSeconds, audit);
      return { client_id: client.id, client_secret: secret, client_secret_expires_at: 0 };
    },
  });
}

function addRemoval(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.delete('/clients/:client_id', {
    config: { access: 'clients:write' },
    schema: {
      ...{ tags, operationId: 'deleteClient', summary: 'Delete a client' },
      description: 'With its consents and all that was issued to it.',
      params: Params,
      response: { 204: s.deleted('The client is gone.') },
    },
    handler: async (request, reply) => {
      const client = await findClient(deps, request.params.client_id);
      const removed = await deps.oauth.clientService.delete(client, auditContextOf(request));
      if (!removed) throw notFound('client');
      return reply.code(204).send(null);
    },
  });
}

async function findClient(deps: ManagementDependencies, id: string): Promise<OAuthClient> {
  return found(looksLikeId(id) ? await deps.oauth.clientService.find(id) : undefined);
}

function found(client: OAuthClient | undefined): OAuthClient {
  if (!client) throw notFound('client');
  return client;
}

/** @throws ProblemError validation_failed for two different names */
function nameOf(body: { name?: string; client_name?: string }): string | undefined {
  const { name, client_name: clientName = name } = body;
  if (name !== undefined && clientName !== name) {
    throw invalidField('client_name', 'is another word for name, and says something else here');
  }
  if (clientName !== undefined && clientName.trim() === '') {
    throw invalidField(name === undefined ? 'client_name' : 'name', 'must not be blank');
  }
  return clientName;
}

/** @throws ProblemError validation_failed for a private key */
function checkKeys({ jwks }: SomeMetadata): void {
  const errors = privateKeyErrors(jwks);
  if (errors.length > 0) throw invalidFields(errors);
}

function defaultGrants({ redirect_uris: redirectUris = [] }: SomeMetadata): GrantType[] {
  return redirectUris.length > 0 ? ['authorization_code', 'refresh_token'] : ['client_credentials'];
}

/** The service's problems, each at the field it is about; in a list, at the item it quotes. */
function refusal(problems: readonly ClientProblem[], body: SomeMetadata): ProblemError {
  return invalidFields(
    problems.map(({ field, message }): FieldError => {
      const value: unknown = body[field as keyof SomeMetadata];
      const items: unknown[] = Array.isArray(value) ? value : [];
      const index = items.findIndex((item) => message.startsWith(`${JSON.stringify(item)} `));
      if (index < 0) {
        const path = field === 'client_name' ? 'name' : field;
        return { in: 'body', path, message: withoutStart(message, field) };
      }
      const found = JSON.stringify(items[index]);
      return {
        in: 'body',
        path: `${field}[${index}]`,
        message: withoutStart(message, found),
        found,
      };
    }),
  );
}

const withoutStart = (message: string, start: string) =>
  message.startsWith(`${start} `) ? message.slice(start.length + 1) : message;

const positionOf = (client: OAuthClient) => `${client.createdAt.getTime()}.${client.id}`;

function parsePosition(position: string | undefined): { createdAt: Date; id: string } | undefined {
  const [, time, id] = POSITION.exec(position ?? '') ?? [];
  if (time === undefined || id === undefined) return undefined;
  return { createdAt: new Date(Number(time)), id };
}
