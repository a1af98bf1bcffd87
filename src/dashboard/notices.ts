import type { Visit } from './visit.ts';

/** What `?done=` says has just happened, if it is one of the page's own notices. */
export function noticeOf(visit: Visit, known: readonly string[]): { notice?: string } {
  const { done } = visit.request.query as { done?: unknown };
  return typeof done === 'string' && known.includes(done) ? { notice: done } : {};
}
