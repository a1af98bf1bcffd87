import type { FastifyInstance } from 'fastify';
import type { Credentials } from '../credentials/credentials.ts';
import type { ScopePolicy } from '../credentials/scope-policy.ts';
import type { Database } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { ClientService } from '../oauth/clients/clients.service.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import type { SentForms } from './sent-forms.store.ts';
import type { Visits } from './visit.ts';

/** What the areas of the dashboard have in common. */
export interface Area {
  readonly door: FastifyInstance;
  readonly visits: Visits;
  readonly pages: Pages;
  readonly platform: Platform;
  readonly issuer: string;
  /** Where the platform's API is called. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly database: Pick<Database, 'pool'>;
  readonly scopePolicy: ScopePolicy;
  readonly sentForms: SentForms;
  readonly clientService: ClientService;
  readonly serviceAccounts: Credentials['serviceAccounts'];
}

/** The prefix of every page about an organization. */
export const OF_ORGANIZATION = '/dashboard/organizations/:organization';
