/** A row of the error table; null fits everything, the first row that fits counts. */
export interface ErrorRow {
  readonly status: number;
  readonly code: string;
  readonly message: string | null;
  readonly credential: 'api_key' | 'token' | null;
  /** The `error` of WWW-Authenticate. */
  readonly challenge: string | null;
  readonly reason: string;
}

/** What distinguishes one platform's API from another's. */
export interface PlatformDefinition {
  /** Used in messages. */
  readonly name: string;
  /** Of environment variables: `KLOAKD` for KLOAKD_API_KEY. */
  readonly envPrefix: string;
  /** Production's. */
  readonly baseUrl: string;
  /** Where the organization id goes; default: it is in paths, or nowhere. */
  readonly organizationHeader?: string | null;
  /** Where API keys go; default: Authorization, as a bearer. */
  readonly apiKeyHeader?: string | null;
  /** For client credentials: a path below the base URL, or a URL. Default /oauth/token. */
  readonly tokenUrl?: string;
  /** Where email and password buy tokens; default: nowhere. */
  readonly userTokenPaths?: { readonly token: string; readonly refresh: string } | null;
  /** Of the fields there. Default snake_case. */
  readonly fieldStyle?: 'camelCase' | 'snake_case' | null;
  /** Default X-Webhook-Signature, timestamped. */
  readonly webhook?: WebhookDefinition;
  /** Where an error's body has its parts, as dotted paths. Default: in `error`. */
  readonly errorBody?: ErrorBodyPaths;
  /** Default: reasons come from the status alone. */
  readonly errorTable?: readonly ErrorRow[];
}

export interface WebhookDefinition {
  readonly header: string;
  readonly style: 'timestamped' | 'plain';
}

export interface ErrorBodyPaths {
  readonly code: string;
  readonly message: string;
  readonly retryAfter: string;
}

export type CompleteDefinition = Required<PlatformDefinition>;

export const complete = (definition: PlatformDefinition): CompleteDefinition => ({
  organizationHeader: null,
  apiKeyHeader: null,
  tokenUrl: '/oauth/token',
  userTokenPaths: null,
  fieldStyle: null,
  webhook: { header: 'X-Webhook-Signature', style: 'timestamped' },
  errorBody: { code: 'error.code', message: 'error.message', retryAfter: 'error.retry_after' },
  errorTable: [],
  ...definition,
});
