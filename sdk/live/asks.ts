export interface Ask {
  readonly method: string;
  /** `{organization}` stands for the organization's id. */
  readonly path: string;
  readonly scope: string;
}

interface Asks {
  readonly allowed: Ask;
  readonly forbidden: Ask;
  readonly notEntitled: Ask | null;
  /** The limit that a key can have a figure of its own for. */
  readonly limit: string | null;
}

/** What is asked of each platform's API. */
export const ASKS = {
  kliq: {
    allowed: {
      ...{ method: 'GET', path: '/v1/tenants/{organization}/observations' },
      scope: 'observations:read',
    },
    forbidden: {
      ...{ method: 'POST', path: '/v1/tenants/{organization}/locations' },
      scope: 'locations:write',
    },
    ...{ notEntitled: null, limit: null },
  },
  kaie: {
    allowed: { method: 'GET', path: '/v1/workflows', scope: 'workflows:read' },
    forbidden: { method: 'DELETE', path: '/v1/workflows/1', scope: 'workflows:delete' },
    ...{ notEntitled: null, limit: null },
  },
  klen: {
    allowed: { method: 'GET', path: '/v1/contacts', scope: 'can_read_contacts' },
    forbidden: { method: 'POST', path: '/v1/calls', scope: 'can_initiate_calls' },
    ...{ notEntitled: null, limit: 'requests_per_minute_limit' },
  },
  kloakd: {
    allowed: {
      ...{ method: 'GET', path: '/api/v1/organizations/{organization}/discoveries' },
      scope: 'discoveries:read',
    },
    forbidden: {
      ...{ method: 'POST', path: '/api/v1/organizations/{organization}/discoveries' },
      scope: 'discoveries:write',
    },
    notEntitled: {
      ...{ method: 'GET', path: '/api/v1/organizations/{organization}/monitors' },
      scope: 'monitors:read',
    },
    limit: null,
  },
} as const satisfies Record<string, Asks>;
