import type { Configuration } from './configuration.ts';
import type { CompleteDefinition } from './definition.ts';
import { ConfigurationError, GatehouseError } from './errors.ts';
import { fieldsOf } from './token-source.ts';
import type { Transport } from './transport.ts';

/** What a user's email and password buy. */
export interface TokenPair {
  readonly accessToken: string;
  /** For one use; undefined: there is none, and whoever has email and password signs in anew. */
  readonly refreshToken: string | undefined;
  readonly tokenType: string;
  /** Seconds; undefined: it was not said. */
  readonly expiresIn: number | undefined;
  readonly scopes: readonly string[];
  readonly organizationId: string | undefined;
}

export interface PasswordExchange {
  readonly email: string;
  readonly password: string;
  /** For users who belong to several. */
  readonly organizationId?: string | null | undefined;
  /** Default: all that the user's role allows. */
  readonly scopes?: readonly string[] | undefined;
}

/** Tokens of users, where the platform has them. Calls here carry no other credential. */
export interface UserTokens {
  /** @throws AuthenticationError when email or password is wrong */
  getToken(exchange: PasswordExchange): Promise<TokenPair>;
  /**
   * @throws AuthenticationError when the refresh token was used before, or is not good any more
   * @throws ConfigurationError when there is none
   */
  refresh(refreshToken: string | undefined): Promise<TokenPair>;
}

export function createUserTokens(
  definition: CompleteDefinition,
  { baseUrl }: Pick<Configuration, 'baseUrl'>,
  transport: Transport,
): UserTokens {
  const { userTokenPaths: paths, fieldStyle, name } = definition;
  const nameOf = (field: string) =>
    fieldStyle === 'camelCase' ? field : field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

  async function exchange(
    path: string | undefined,
    fields: Record<string, string | undefined>,
    secret: string,
  ) {
    if (path === undefined) throw new ConfigurationError(`${name} has no tokens of users.`);
    const named = Object.entries(fields).map(([field, value]) => [nameOf(field), value]);
    const answer = await transport.send({
      ...{ method: 'POST', url: baseUrl + path, credential: 'token' },
      headers: new Headers({ accept: 'application/json', 'content-type': 'application/json' }),
      ...{ body: JSON.stringify(Object.fromEntries(named)), secrets: [secret] },
    });
    const body = fieldsOf(answer);
    return toPair((field) => body[nameOf(field)]);
  }

  return {
    getToken: ({ email, password, organizationId, scopes }) => {
      const scope = scopes?.join(' ') || undefined;
      const fields = { email, password, organizationId: organizationId || undefined, scope };
      return exchange(paths?.token, fields, password);
    },
    async refresh(refreshToken) {
      if (!refreshToken) throw new ConfigurationError('There is no refresh token: sign in anew.');
      return exchange(paths?.refresh, { refreshToken }, refreshToken);
    },
  };
}

function toPair(textOf: (field: string) => unknown): TokenPair {
  const text = (field: string) => {
    const value = textOf(field);
    return typeof value === 'string' ? value : undefined;
  };
  const [accessToken, refreshToken] = [text('accessToken'), text('refreshToken')];
  if (!accessToken) {
    const details = { reason: 'unknown', status: 200 };
    throw new GatehouseError('The answer of the token endpoint has no access token.', details);
  }
  const expiresIn = textOf('expiresIn');
  return {
    ...{
      accessToken,
      refreshToken: refreshToken || undefined,
      organizationId: text('organizationId'),
    },
    tokenType: text('tokenType') ?? 'Bearer',
    expiresIn: typeof expiresIn === 'number' ? expiresIn : undefined,
    scopes: (text('scope') ?? '').split(' ').filter(Boolean),
  };
}
