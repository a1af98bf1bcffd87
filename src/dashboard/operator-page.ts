import type { Database } from '../database/database.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { ThrottleDesk } from '../identity/throttle-desk.ts';
import { InvalidCursorError } from '../lib/cursor.ts';
import type { SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import type { OperatorTab } from '../pages/operator-models.ts';
import type { Platform } from '../platform/platform.ts';
import { frameOf } from './frame.ts';
import { noticeOf } from './notices.ts';
import { PageNotFoundError, type Visit } from './visit.ts';

export interface OperatorDependencies {
  identity: IdentityService;
  organizations: OrganizationDirectory;
  database: Pick<Database, 'pool'>;
  signingKeys: SigningKeys;
  throttleDesk: ThrottleDesk;
}

export const OPERATOR = '/dashboard/operator';

export const OPERATOR_PATHS: Record<OperatorTab, string> = {
  organizations: OPERATOR,
  plans: `${OPERATOR}/plans`,
  clients: `${OPERATOR}/clients`,
  signing_keys: `${OPERATOR}/signing-keys`,
  throttles: `${OPERATOR}/throttles`,
};

export const organizationPath = (id: string) => `${OPERATOR}/organizations/${id}`;
export const clientPath = (id: string) => `${OPERATOR_PATHS.clients}/${id}`;

const NOTICES = [
  ...['plan_changed', 'client_disabled', 'client_enabled', 'keys_rotated', 'throttle_cleared'],
  'throttle_gone',
];

export const operatorFrame = (visit: Visit, platform: Platform) =>
  frameOf(visit, platform, {
    section: 'operator',
    csrf: visit.csrf,
    ...noticeOf(visit, NOTICES),
  });

/** What every page of the operator's begins with. */
export const operatorTop = (visit: Visit, platform: Platform, current: OperatorTab) => ({
  frame: operatorFrame(visit, platform),
  tabs: (Object.keys(OPERATOR_PATHS) as OperatorTab[]).map((name) => ({
    ...{ name, href: OPERATOR_PATHS[name], current: name === current },
  })),
});

/** What a list was asked for, and where it is asked for more. */
export function askedFor(visit: Visit, path: string) {
  const { q, cursor, plan } = visit.request.query as Record<string, unknown>;
  const search = typeof q === 'string' ? q.slice(0, 200) : '';
  const ofPlan = typeof plan === 'string' && plan !== '' ? plan.slice(0, 200) : undefined;
  const at = typeof cursor === 'string' ? cursor : undefined;
  const url = (more: Record<string, string> = {}) => {
    const asked = { ...(search && { q: search }), ...(ofPlan && { plan: ofPlan }), ...more };
    const query = new URLSearchParams(asked).toString();
    return query ? `${path}?${query}` : path;
  };
  return {
    ...{ search, plan: ofPlan, cursor: at },
    /** The links of its page. */
    links: ({ nextCursor }: { nextCursor: string | null }) => ({
      ...(at ? { firstUrl: url() } : {}),
      ...(nextCursor ? { nextUrl: url({ cursor: nextCursor }) } : {}),
    }),
  };
}

/**
 * Reads a list.
 *
 * @throws PageNotFoundError for a cursor that the list has not given out
 */
export async function listed<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof InvalidCursorError ? new PageNotFoundError() : error;
  }
}
