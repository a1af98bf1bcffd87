import type { ApiKey } from '../credentials/api-keys/api-key.ts';
import { pathOf } from './frame.ts';

/** Where a key's page is. */
export const keyPath = ({ id, organizationId }: Pick<ApiKey, 'id' | 'organizationId'>): string =>
  `${pathOf('keys', organizationId)}/${id}`;
