import { type Static, Type } from 'typebox';
import type { SigningKey as StoredSigningKey } from '../oauth/signing-keys/signing-keys.ts';
import { auditContextOf } from './audit-context.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { ProblemError } from './problems.ts';
import * as s from './schemas.ts';

const SigningKey = s.closed(
  {
    kid: Type.String({ description: 'As in the header of the tokens it signs, and in the JWKS.' }),
    status: s.choice(['next', 'current', 'previous'], {
      description: 'The current one signs; the next and the previous ones are published beside it.',
    }),
    activated_at: s.nullableTimestamp('When it began to sign; null for the next key'),
    retires_at: s.nullableTimestamp('When it is forgotten; null until it is a previous key'),
  },
  {
    $id: 'SigningKey',
    description: 'A key pair that signs tokens. Its public part is in the JWKS.',
  },
);

const tags = ['Signing keys'];

/** The keys that sign tokens. Their private parts are in no schema, so in no answer. */
export function signingKeyRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { signingKeys } = deps.oauth;
  api.addSchema(SigningKey);

  api.get('/signing-keys', {
    config: { access: 'operator' },
    schema: {
      ...{ tags, operationId: 'listSigningKeys', summary: 'List signing keys, the current first' },
      response: { 200: s.pageOf(SigningKey, 'Every signing key.') },
    },
    handler: async () => s.toPage(s.whole(signingKeys.all), toSigningKey),
  });

  api.post('/signing-keys/rotate', {
    config: { access: 'operator', problems: ['next_key_too_young'] },
    schema: {
      ...{ tags, operationId: 'rotateSigningKeys', summary: 'Rotate the signing keys' },
      description:
        'The next key signs from now on, and a new next one is published. Tokens signed before stay valid until they expire. A next key that caches of the JWKS may not know yet is refused: they keep it for five minutes.',
      body: Type.Unsafe<{ force?: boolean } | null>({
        ...s.closed({
          force: s.optional(
            Type.Boolean({
              default: false,
              description:
                'Rotate though caches may not know the next key, e.g. after the current one was stolen: for up to five minutes some APIs may refuse new tokens.',
            }),
          ),
        }),
        type: ['object', 'null'],
      }),
      response: { 201: s.pageOf(SigningKey, 'Every signing key, as they are now.') },
    },
    handler: async (request, reply) => {
      const force = request.body?.force ?? false;
      const rotation = await signingKeys.rotate(auditContextOf(request).actor, { force });
      if (rotation.outcome === 'next_key_too_young') {
        const { retryAfterSeconds } = rotation;
        const detail = `Caches of the JWKS may not have it. Try again in ${retryAfterSeconds} seconds, or at once with "force": true.`;
        throw new ProblemError('next_key_too_young', detail, { retryAfterSeconds });
      }
      return reply.code(201).send(s.toPage(s.whole(signingKeys.all), toSigningKey));
    },
  });
}

const toSigningKey = (key: StoredSigningKey): Static<typeof SigningKey> => ({
  kid: key.kid,
  status: key.status,
  activated_at: key.activatedAt?.toISOString() ?? null,
  retires_at: key.retiresAt?.toISOString() ?? null,
});
