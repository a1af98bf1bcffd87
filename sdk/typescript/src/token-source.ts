import type { Configuration, Method } from './configuration.ts';
import { GatehouseError } from './errors.ts';
import type { Runtime } from './runtime.ts';
import type { Answer, Transport } from './transport.ts';
import type { TokenPair, UserTokens } from './user-tokens.ts';

/** A token is fetched anew when no more than this is left of it. */
const EARLY_SECONDS = 60;
/** For answers that don't say (RFC 6749 §5.1 only recommends it). */
const PRESUMED_SECONDS = 3600;
/** More than this says no more than this. */
const LONGEST_SECONDS = 1e9;

interface Token {
  readonly accessToken: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** The access token of a client that fetches its own. */
export interface TokenSource {
  /** A token that is good for now. Those who ask while one is fetched wait for that one. */
  get(): Promise<string>;
  /** The API refused it: the next get() fetches another, unless there is another by then. */
  discard(accessToken: string): void;
}

function createTokenSource(
  { now }: Pick<Runtime, 'now'>,
  fetchToken: () => Promise<Token>,
): TokenSource {
  let token: Token | undefined;
  let flight: Promise<Token> | undefined;

  async function fly(): Promise<Token> {
    token = undefined;
    try {
      token = await fetchToken();
      return token;
    } finally {
      flight = undefined;
    }
  }

  return {
    async get() {
      if (token && token.expiresAt - now() > EARLY_SECONDS) return token.accessToken;
      flight ??= fly();
      return (await flight).accessToken;
    },
    discard(accessToken) {
      if (token?.accessToken === accessToken) token = undefined;
    },
  };
}

type ClientCredentials = Extract<Method, { method: 'clientCredentials' }>;
type Password = Extract<Method, { method: 'password' }>;

/** @see RFC 6749 §4.4 */
export function clientTokens(
  { clientId, clientSecret }: ClientCredentials,
  { tokenUrl, scopes }: Pick<Configuration, 'tokenUrl' | 'scopes'>,
  transport: Transport,
  runtime: Runtime,
): TokenSource {
  const spelled = formEncoded(clientSecret);
  const basic = btoa(`${formEncoded(clientId)}:${spelled}`);
  return createTokenSource(runtime, async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    const answer = await transport.send({
      ...{ method: 'POST', url: tokenUrl, credential: 'token', body: form.toString() },
      secrets: [basic, spelled],
      headers: new Headers({
        accept: 'application/json',
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
      }),
    });
    const fields = fieldsOf(answer);
    return toToken(fields.access_token, fields.expires_in, runtime.now());
  });
}

/** Text as a form writes it: how Basic carries identifier and secret (RFC 6749 §2.3.1). */
const formEncoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);

/** The refresh token first, and where it is refused the password, each once. */
export function passwordTokens(
  { email, password }: Password,
  { organizationId, scopes }: Pick<Configuration, 'organizationId' | 'scopes'>,
  userTokens: UserTokens,
  runtime: Runtime,
): TokenSource {
  let refreshToken: string | undefined;

  async function fetchPair(): Promise<TokenPair> {
    if (refreshToken) {
      try {
        return await userTokens.refresh(refreshToken);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refreshToken = undefined;
      }
    }
    return userTokens.getToken({ email, password, organizationId, scopes });
  }

  return createTokenSource(runtime, async () => {
    const pair = await fetchPair();
    ({ refreshToken } = pair);
    return toToken(pair.accessToken, pair.expiresIn, runtime.now());
  });
}

/** Of the refresh token itself. What fails for the moment may pass: the password would only meet the same. */
function isRefusal(error: unknown): boolean {
  const status = error instanceof GatehouseError ? error.status : null;
  return status !== null && status >= 400 && status < 500 && ![408, 429].includes(status);
}

/** The JSON object in an answer, or one without fields. */
export function fieldsOf({ bytes }: Pick<Answer, 'bytes'>): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** @throws GatehouseError when the answer has no token that could be sent */
function toToken(accessToken: unknown, expiresIn: unknown, now: number): Token {
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) {
    throw new GatehouseError('The answer of the token endpoint has no access token.', {
      ...{ reason: 'unknown', status: 200 },
    });
  }
  const seconds = typeof expiresIn === 'number' ? expiresIn : PRESUMED_SECONDS;
  return { accessToken, expiresAt: now + Math.min(seconds, LONGEST_SECONDS) };
}
