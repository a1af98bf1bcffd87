import type { FastifyError, FastifyInstance } from 'fastify';
import type { GateDoorDependencies } from '../../doors/gate.ts';
import { rateLimitHeaders } from '../../gate/answer.ts';
import type { MeteredCount } from '../../gate/context.ts';
import type { Count } from '../../limits/counter-store.ts';
import type { PlaygroundPolicy } from './playground-key.ts';
import { createRefusals } from './playground-key-refusals.ts';
import type { IssuedPlaygroundKey, PlaygroundKeyService } from './playground-keys.service.ts';

export interface PlaygroundKeyDependencies extends GateDoorDependencies {
  /** Undefined on a platform without such keys: then there is nothing here. */
  playgroundKeys: PlaygroundKeyService | undefined;
}

const BODY_LIMIT_BYTES = 4 * 1024;

/** In UTF-16 code units. */
const FINGERPRINT_LENGTH = { least: 16, most: 200 };

/** What a page of another origin may read of an answer, beside its body. */
const EXPOSED_HEADERS = 'RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';

/**
 * Where a browser asks for a playground key, at the platform's own path. From any origin: there is nothing
 * of the browser's own (no cookie, no credential) that a page could misuse. Errors in the platform's words.
 */
export async function playgroundKeyRoutes(app: FastifyInstance, deps: PlaygroundKeyDependencies) {
  const { playgroundKeys } = deps;
  if (!playgroundKeys) return;
  const { policy } = playgroundKeys;
  const url = policy.path;
  const refuse = createRefusals(deps);
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (request, text, done) => {
      if (text === '') return done(null, undefined);
      parseJson(request, text, done);
    },
  );
  app.addHook('onRequest', async (_request, reply) => {
    reply
      .header('cache-control', 'no-store')
      .header('access-control-allow-origin', '*')
      .header('access-control-expose-headers', EXPOSED_HEADERS);
  });
  app.setErrorHandler((error: FastifyError, request, reply) =>
    refuse.failed(error, request, reply, BODY_LIMIT_BYTES),
  );

  app.options(url, async (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', 'content-type')
      .header('access-control-max-age', '3600')
      .send(),
  );
  app.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url,
    // Before the body is read: it is not what is wrong.
    onRequest: async (request, reply) => {
      reply.header('allow', 'POST');
      return refuse.wrong(request, reply, 405, `${request.method} is not allowed here. Use POST.`);
    },
    handler: async (_request, reply) => reply,
  });
  app.post(url, async (request, reply) => {
    const read = readFingerprint(request.body, policy);
    if ('mistake' in read) return refuse.wrong(request, reply, 400, read.mistake);
    const { fingerprint } = read;
    const result = await playgroundKeys.issue({ fingerprint, address: request.ip });
    const counts = [meteredBy(policy, result.asked)] as const;
    if (result.outcome === 'too_many') return refuse.tooMany(request, reply, counts);
    return reply
      .code(201)
      .headers(rateLimitHeaders(counts, deps.clock.now()))
      .send(toAnswer(result.issued, policy));
  });
}

/** The fingerprint, if it counts here at all; or what is wrong with it, and how to make one. */
function readFingerprint(
  body: unknown,
  policy: PlaygroundPolicy,
): { fingerprint: string | undefined } | { mistake: string } {
  if (!policy.identifyBy.includes('fingerprint')) return { fingerprint: undefined };
  const { least, most } = FINGERPRINT_LENGTH;
  const wanted =
    `fingerprint, a text of ${least} to ${most} characters that is the same whenever this browser asks:` +
    ' a hash of what the browser tells of itself, or a crypto.randomUUID() kept in localStorage';
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { mistake: `Send a JSON object with ${wanted}.` };
  }
  const { fingerprint } = body as { fingerprint?: unknown };
  if (fingerprint === undefined) return { mistake: `The body lacks ${wanted}.` };
  const fits =
    typeof fingerprint === 'string' && fingerprint.length >= least && fingerprint.length <= most;
  return fits ? { fingerprint } : { mistake: `The body needs another ${wanted}.` };
}

const toAnswer = (
  { key, hint, expiresAt, limits }: IssuedPlaygroundKey,
  policy: PlaygroundPolicy,
) => ({
  key,
  hint,
  expires_at: expiresAt.toISOString(),
  organization_id: policy.organizationId,
  limits: limits.map(({ name, title, limit, used, windowSeconds }) => ({
    ...{ name, title, limit, used, remaining: Math.max(0, limit - used) },
    window_seconds: windowSeconds,
  })),
});

/** The issue rate, as the headers name it. */
const meteredBy = (policy: PlaygroundPolicy, asked: Count): MeteredCount => ({
  ...asked,
  name: 'playground_keys',
  windowSeconds: policy.issueRate.windowSeconds,
});
