import type { FastifyRequest } from 'fastify';
import type { AuditContext } from '../audit/audit.ts';
import { actorOf } from './principal.ts';

/** Who acts, from where: what a write takes along for its audit event. */
export function auditContextOf(
  request: Pick<FastifyRequest, 'principal' | 'ip' | 'id'>,
): AuditContext {
  if (!request.principal) throw new Error('a write needs a route that asks for a permission');
  return { actor: actorOf(request.principal), address: request.ip, requestId: request.id };
}
