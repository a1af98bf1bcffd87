import type { CredentialSort } from './answers.ts';
import { type ClientOptions, type Configuration, configure } from './configuration.ts';
import { type CompleteDefinition, complete, type PlatformDefinition } from './definition.ts';
import { AuthenticationError } from './errors.ts';
import { bodyFor, headersFor, type RequestOptions, urlFor } from './request.ts';
import { createRuntime } from './runtime.ts';
import { clientTokens, passwordTokens, type TokenSource } from './token-source.ts';
import { type Answer, createTransport, type Transport } from './transport.ts';
import { createUserTokens, type UserTokens } from './user-tokens.ts';
import { type VerifiedWebhook, verifyWebhook, type WebhookDelivery } from './webhooks.ts';

/** An answer of 200 to 299. */
export interface ApiResponse<Data = unknown> {
  readonly status: number;
  readonly headers: Headers;
  /** JSON as its value, other text as text, nothing as undefined. */
  readonly data: Data;
  /** The body as it came. */
  readonly bytes: Uint8Array;
  /** For the operator, who finds the request in the log by it. */
  readonly requestId: string | null;
}

/** Calls a platform's API. Its secrets are in none of its properties, and so in no log of it. */
export class PlatformClient {
  /** Tokens of users, where the platform has them. */
  readonly auth: UserTokens;
  readonly baseUrl: string;
  readonly organizationId: string | null;
  /** How it authenticates. */
  readonly method: Configuration['credential']['method'];
  readonly #definition: CompleteDefinition;
  readonly #transport: Transport;
  readonly #credential: Credential;

  /** @throws ConfigurationError when there is no credential, or more than one way to authenticate */
  constructor(definition: PlatformDefinition, options: ClientOptions = {}) {
    this.#definition = complete(definition);
    const { fetch } = options;
    const runtime = createRuntime({ ...options.runtime, ...(fetch ? { fetch } : {}) });
    const configuration = configure(this.#definition, options, runtime);
    this.baseUrl = configuration.baseUrl;
    this.organizationId = configuration.organizationId;
    this.method = configuration.credential.method;
    this.#transport = createTransport(this.#definition, configuration, runtime);
    this.auth = createUserTokens(this.#definition, configuration, this.#transport);
    const { credential } = configuration;
    switch (credential.method) {
      case 'apiKey':
        this.#credential = fixed('api_key', credential.apiKey);
        break;
      case 'accessToken':
        this.#credential = fixed('token', credential.accessToken);
        break;
      case 'clientCredentials':
        this.#credential = ownTokens(
          clientTokens(credential, configuration, this.#transport, runtime),
        );
        break;
      case 'password':
        this.#credential = ownTokens(passwordTokens(credential, configuration, this.auth, runtime));
        break;
    }
  }

  /**
   * Calls any method and path of the API.
   *
   * @param path below the base URL; `{organization}` in it is the client's organization
   * @throws GatehouseError by what went wrong: AuthenticationError, ForbiddenError, NotEntitledError,
   *   RateLimitError, ServerError, ConnectionError, TimeoutError
   */
  async request<Data = unknown>(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<ApiResponse<Data>> {
    const url = urlFor(this, path, options.query);
    const secret = await until(options.signal, this.#credential.get());
    try {
      return toResponse(await this.#send(method, url, options, secret));
    } catch (error) {
      if (!(error instanceof AuthenticationError && this.#credential.renew)) throw error;
      this.#credential.renew(secret);
      const renewed = await until(options.signal, this.#credential.get());
      return toResponse(await this.#send(method, url, options, renewed));
    }
  }

  get<Data = unknown>(path: string, options?: RequestOptions): Promise<ApiResponse<Data>> {
    return this.request('GET', path, options);
  }

  post<Data = unknown>(path: string, options?: RequestOptions): Promise<ApiResponse<Data>> {
    return this.request('POST', path, options);
  }

  put<Data = unknown>(path: string, options?: RequestOptions): Promise<ApiResponse<Data>> {
    return this.request('PUT', path, options);
  }

  patch<Data = unknown>(path: string, options?: RequestOptions): Promise<ApiResponse<Data>> {
    return this.request('PATCH', path, options);
  }

  delete<Data = unknown>(path: string, options?: RequestOptions): Promise<ApiResponse<Data>> {
    return this.request('DELETE', path, options);
  }

  #send(method: string, url: string, options: RequestOptions, secret: string): Promise<Answer> {
    const headers = headersFor(this.#definition, this, options);
    const { sort } = this.#credential;
    const { apiKeyHeader } = this.#definition;
    if (sort === 'api_key' && apiKeyHeader) headers.set(apiKeyHeader, secret);
    else headers.set('authorization', `Bearer ${secret}`);
    const { signal, timeoutSeconds } = options;
    return this.#transport.send({
      ...{ method: method.toUpperCase(), url, headers, body: bodyFor(options), credential: sort },
      ...{ signal, timeoutSeconds, secrets: [secret] },
    });
  }
}

/** Waits no longer than the caller does; the token is fetched all the same, for others. */
async function until<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

interface Credential {
  readonly sort: CredentialSort;
  get(): Promise<string>;
  /** Of those that fetch their own: this one was refused. */
  readonly renew?: (refused: string) => void;
}

const fixed = (sort: CredentialSort, secret: string): Credential => ({
  sort,
  get: async () => secret,
});

const ownTokens = (source: TokenSource): Credential => ({
  sort: 'token',
  get: source.get,
  renew: source.discard,
});

function toResponse<Data>({ status, headers, bytes }: Answer): ApiResponse<Data> {
  const type = headers.get('content-type') ?? '';
  const data = bytes.length === 0 ? undefined : readData(new TextDecoder().decode(bytes), type);
  return { status, headers, bytes, data: data as Data, requestId: headers.get('x-request-id') };
}

/** What calls itself JSON and is none stays text. */
function readData(text: string, type: string): unknown {
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The client class of one platform. */
export interface PlatformClientClass {
  new (options?: ClientOptions): PlatformClient;
  /** Checks a delivery of this platform's webhooks: see {@link verifyWebhook}. */
  verifyWebhook(delivery: Omit<WebhookDelivery, 'webhook'>): Promise<VerifiedWebhook>;
}

/** Makes the client class of a platform from what distinguishes it. */
export function createPlatformClient(definition: PlatformDefinition): PlatformClientClass {
  const { webhook } = complete(definition);
  const made = class extends PlatformClient {
    static verifyWebhook(delivery: Omit<WebhookDelivery, 'webhook'>) {
      return verifyWebhook({ ...delivery, webhook });
    }

    constructor(options?: ClientOptions) {
      super(definition, options);
    }
  };
  Object.defineProperty(made, 'name', { value: definition.name });
  return made;
}
