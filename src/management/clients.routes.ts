import { Type } from 'typebox';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { GrantType, OAuthClient } from '../oauth/clients/client.ts';
import type { ClientRefusal } from '../oauth/clients/clients.service.ts';
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
import { createdByQuery } from './created-by.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { isTheirs, makerOf, narrowedTo, type Principal, tenantOf } from './principal.ts';
import {
  type FieldError,
  invalidField,
  invalidFields,
  notFound,
  operatorsOnly,
  ProblemError,
  unknownOrganization,
} from './problems.ts';
import * as s from './schemas.ts';

const Params = s.closed({ client_id: s.idOf('the client') });
const tags = ['Clients'];
const MAKERS_POWER =
  'Nobody makes, changes or rotates a client that may ask for more than they hold; shutting one out is never refused.';
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
        created_by: createdByQuery('clients'),
      }),
      response: { 200: s.pageOf(Client, 'A page of clients.') },
    },
    handler: async ({ query, principal }) => {
      const { limit: size = s.DEFAULT_PAGE_SIZE, created_by: createdBy } = query;
      const organizationId = narrowedTo(principal, query.organization_id);
      const before = parsePosition(readCursor(LIST, query.cursor, POSITION));
      const isKnown = [organizationId, createdBy].every(
        (id) => id === undefined || looksLikeId(id),
      );
      const filter = { organizationId, createdBy, before, limit: size + 1 };
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
    handler: async ({ params, principal }) =>
      toClient(await findClient(deps, params.client_id, principal)),
  });
}

function addCreation(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { identity, oauth } = deps;
  api.post('/clients', {
    config: { access: 'clients:write' },
    schema: {
      ...{ tags, operationId: 'createClient', summary: 'Register a client' },
      description: `Its secret, where its way of authenticating needs one, is shown this once. ${MAKERS_POWER}`,
      body: s.closed({
        ...names,
        organization_id: s.optional(
          s.nullable(s.idOf('its organization'), {
            description:
              "Its organization; by default the caller's. From the operator, absent or null: the operator's own client.",
          }),
        ),
        ...allOptional(METADATA),
      }),
      response: { 201: s.ref(RegisteredClient, { description: 'The client.' }) },
    },
    handler: async (request, reply) => {
      const { body, principal } = request;
      operatorsOnly(principal, operatorsFields(body));
      const name = nameOf(body);
      if (name === undefined) throw invalidField('name', 'is missing: text of 1 to 200 characters');
      checkKeys(body);
      const organizationId = body.organization_id ?? tenantOf(principal).organizationId;
      const isKnown =
        organizationId === null ||
        (isTheirs(principal, organizationId) &&
          (await identity.organizations.find(organizationId)));
      if (!isKnown) throw unknownOrganization();
      const input = { grantTypes: defaultGrants(body), ...toClientInput(body) };
      const outcome = await oauth.clientService.create(
        { ...input, name, organizationId },
        auditContextOf(request),
        { maker: makerOf(principal) },
      );
      if (outcome.outcome !== 'created') throw refusal(outcome, body);
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
      description: `Disabling ends everything that was issued to it. A client that begins to authenticate with a secret gets it by a rotation. ${MAKERS_POWER}`,
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
      const { params, body, principal } = request;
      operatorsOnly(principal, operatorsFields(body));
      const name = nameOf(body);
      checkKeys(body);
      const changes = {
        ...toClientInput(body),
        ...(name !== undefined && { name }),
        ...(body.disabled !== undefined && { disabled: body.disabled }),
      };
      const audit = auditContextOf(request);
      if (!looksLikeId(params.client_id)) throw notFound('client');
      const { clientService } = deps.oauth;
      const maker = makerOf(principal);
      const outcome = await clientService.update(params.client_id, changes, audit, maker);
      if (outcome.outcome === 'not_found') throw notFound('client');
      if (outcome.outcome !== 'updated') throw refusal(outcome, body);
      return toClient(outcome.client);
    },
  });
}

const LONGEST_OVERLAP_SECONDS = 30 * 86_400;

function addRotation(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.post('/clients/:client_id/rotate-secret', {
    config: { access: 'clients:write', problems: ['client_has_no_secret'] },
    schema: {
      ...{ tags, operationId: 'rotateClientSecret', summary: 'Give a client a new secret' },
      description: MAKERS_POWER,
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
      const { params, principal } = request;
      const client = await findClient(deps, params.client_id, principal);
      const problems = deps.oauth.clientService.excessOf(client, makerOf(principal));
      if (problems.length > 0) throw refusal({ outcome: 'beyond', problems }, {});
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
      const client = await findClient(deps, request.params.client_id, request.principal);
      const removed = await deps.oauth.clientService.delete(client, auditContextOf(request));
      if (!removed) throw notFound('client');
      return reply.code(204).send(null);
    },
  });
}

async function findClient(
  deps: ManagementDependencies,
  id: string,
  principal: Principal | null,
): Promise<OAuthClient> {
  const client = looksLikeId(id) ? await deps.oauth.clientService.find(id) : undefined;
  if (!client || !isTheirs(principal, client.organizationId)) throw notFound('client');
  return client;
}

/** Those of the fields that loosen what the operator holds every tenant's clients to. */
const operatorsFields = (body: SomeMetadata & { organization_id?: string | null }): string[] => [
  ...(body.organization_id === null ? ['organization_id'] : []),
  ...(body.require_pkce === false ? ['require_pkce'] : []),
  ...((body.introspection_audiences ?? []).length > 0 ? ['introspection_audiences'] : []),
];

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
function refusal({ outcome, problems }: ClientRefusal, body: SomeMetadata): ProblemError {
  const errors = problems.map(({ field, message }): FieldError => {
    const value: unknown = body[field as keyof SomeMetadata];
    const items: unknown[] = Array.isArray(value) ? value : [];
    const index = items.findIndex((item) => message.startsWith(`${JSON.stringify(item)} `));
    if (index < 0) {
      const path = field === 'client_name' ? 'name' : field;
      return { in: 'body', path, message: withoutStart(message, field) };
    }
    const found = JSON.stringify(items[index]);
    return { in: 'body', path: `${field}[${index}]`, message: withoutStart(message, found), found };
  });
  if (outcome === 'invalid') return invalidFields(errors);
  const detail = 'The client would hold more than whoever asks; see errors.';
  return new ProblemError('forbidden', detail, { errors });
}

const withoutStart = (message: string, start: string) =>
  message.startsWith(`${start} `) ? message.slice(start.length + 1) : message;

const positionOf = (client: OAuthClient) => `${client.createdAt.getTime()}.${client.id}`;

function parsePosition(position: string | undefined): { createdAt: Date; id: string } | undefined {
  const [, time, id] = POSITION.exec(position ?? '') ?? [];
  if (time === undefined || id === undefined) return undefined;
  return { createdAt: new Date(Number(time)), id };
}
