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
  clients: `${OPERATOR}/clients`,
  signing_keys: `${OPERATOR}/signing-keys`,
  throttles: `${OPERATOR}/throttles`,
};

export const organizationPath = (id: string) => `${OPERATOR}/organizations/${id}`;

const NOTICES = [
  ...['plan_changed', 'client_disabled', 'client_enabled', 'keys_rotated', 'throttle_cleared'],
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
