import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long a cache may answer by itself: seconds. */
const KEPT_SECONDS = 300;

export interface PublicDocument {
  readonly type: string;
  readonly text: string;
  readonly etag: string;
}

export function publicDocument(type: string, text: string): PublicDocument {
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 27);
  return { type: `${type}; charset=utf-8`, text, etag: `"${hash}"` };
}

/** The same for everybody, in English whatever they prefer, so that caches may keep it; 304 for whoever has it (RFC 9110 §13.1.2). */
export function sendPublicDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, text, etag }: PublicDocument,
): FastifyReply {
  reply.headers({
    ...{ 'cache-control': `public, max-age=${KEPT_SECONDS}`, etag },
    'content-language': 'en',
  });
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag) || known.includes('*')) return reply.code(304).send();
  return reply.type(type).send(text);
}
