import type { Destination } from './view-models.ts';

const HREFS: Record<Destination['kind'], string> = {
  dashboard: '/dashboard',
  playground: '/playground',
  docs: '/docs/authentication',
  reference: '/reference',
  metadata: '/.well-known/openid-configuration',
};

/** Where a developer may go on from here, in the order given. */
export const destinations = (...kinds: Destination['kind'][]): Destination[] =>
  kinds.map((kind) => ({ kind, href: HREFS[kind] }));
