import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Pages } from '../pages/render.ts';
import { pageHeaders } from './headers.ts';
import { inReadersLanguage, languageHeaders } from './language.ts';

/** 404 for what nobody answers: a page for people, a problem document (RFC 9457) for programs. */
export function createUnknownPathAnswer(pages: Pages) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const accepts = request.headers.accept ?? '';
    if (accepts.includes('text/html')) {
      const page = { kind: 'not_found', code: 'not_found', homeUrl: '/' } as const;
      return inReadersLanguage(request, () =>
        reply
          .code(404)
          .headers({ ...pageHeaders(), ...languageHeaders() })
          .type('text/html; charset=utf-8')
          .send(pages.render('error', { ...page, requestId: request.id })),
      );
    }
    return reply.code(404).type('application/problem+json').send({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'Nothing answers this method on this path.',
    });
  };
}
