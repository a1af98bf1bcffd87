import { type Static, Type } from 'typebox';
import { looksLikeId } from '../lib/identifier.ts';
import {
  listConsents,
  revokeConsent,
  type Consent as StoredConsent,
} from '../oauth/consents/consents.store.ts';
import { auditContextOf } from './audit-context.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { notFound } from './problems.ts';
import * as s from './schemas.ts';

const Consent = s.closed(
  {
    id: s.idOf('the consent'),
    user_id: s.idOf('the user who consented'),
    client_id: s.idOf('the client they consented to'),
    organization_id: s.nullable(s.idOf('the organization it is for')),
    scopes: Type.Array(Type.String()),
    created_at: s.timestamp('When it was first given'),
    last_used_at: s.timestamp('When the client last came with it'),
  },
  { $id: 'Consent', description: 'What a user has allowed a client, until it is revoked.' },
);

const tags = ['Consents'];
const UserQuery = s.closed({ user_id: s.idOf('the user') });

/** What users have allowed clients. */
export function consentRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { database, clock, revocations } = deps;
  api.addSchema(Consent);

  api.get('/consents', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'listConsents', summary: "List a user's consents" },
      description: 'Those that stand, the one used last first, on one page.',
      querystring: UserQuery,
      response: { 200: s.pageOf(Consent, 'Every consent of the user.') },
    },
    handler: async ({ query }) => {
      const known = looksLikeId(query.user_id);
      const consents = known ? await listConsents(database.pool, query.user_id) : [];
      return s.toPage(s.whole(consents), toConsent);
    },
  });

  api.delete('/consents/:id', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'revokeConsent', summary: 'Revoke a consent' },
      description: 'And all that was issued under it.',
      params: s.closed({ id: s.idOf('the consent') }),
      querystring: UserQuery,
      response: { 204: s.deleted('The consent is revoked.') },
    },
    handler: async (request, reply) => {
      const wanted = { id: request.params.id, userId: request.query.user_id };
      const revoked =
        looksLikeId(wanted.id) &&
        looksLikeId(wanted.userId) &&
        (await revokeConsent(database, wanted, clock.now(), revocations, auditContextOf(request)));
      if (!revoked) throw notFound('consent of this user');
      return reply.code(204).send(null);
    },
  });
}

const toConsent = (consent: StoredConsent): Static<typeof Consent> => ({
  id: consent.id,
  user_id: consent.userId,
  client_id: consent.clientId,
  organization_id: consent.organizationId,
  scopes: [...consent.scopes],
  created_at: consent.createdAt.toISOString(),
  last_used_at: consent.lastUsedAt.toISOString(),
});
