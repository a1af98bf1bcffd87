import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import type { IdentityService } from '../../identity/identity.service.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import { createRefreshTokenStore } from '../../oauth/adapter/refresh-tokens.store.ts';
import type { ClientDirectory } from '../../oauth/clients/client-directory.ts';
import type { ClientService } from '../../oauth/clients/clients.service.ts';
import type { ProviderHost } from '../../oauth/provider-host.ts';
import type { Revocations } from '../../oauth/revocations.store.ts';
import type { SigningKeys } from '../../oauth/signing-keys/signing-keys.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import { createAccessTokenWriter } from './access-token.ts';
import { createPasswordExchange } from './exchange-password.ts';
import { createRefresh } from './exchange-refresh-token.ts';
import { createPlatformClient } from './platform-client.ts';
import { createRoleScopes } from './role-scopes.ts';

/** What a user gets for a password, and for each refresh token. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token. */
  readonly expiresInSeconds: number;
  readonly scopes: readonly string[];
  readonly organizationId: string;
}

/** Where a request comes from: for the throttle and the audit log. */
export interface RequestOrigin {
  readonly address: string;
  readonly requestId: string;
}

export interface UserTokenOptions {
  platform: Platform;
  issuer: string;
  database: Database;
  notifications: Pick<Notifications, 'caughtUp'>;
  clock: Clock;
  masterKey: MasterKey;
  identity: IdentityService;
  revocations: Revocations;
  scopePolicy: ScopePolicy;
  oauth: {
    host: ProviderHost;
    signingKeys: SigningKeys;
    clients: ClientDirectory;
    clientService: ClientService;
  };
}

/** What both exchanges need; each takes its part. */
export type UserTokenDependencies = UserTokenOptions & ReturnType<typeof partsOf>;

export type UserTokenService = ReturnType<typeof createUserTokenService>;

/**
 * E-mail address and password against a token pair, and a refresh token against the next. The tokens are
 * OAuth's own, of the platform's client: what ends those of an app ends these.
 */
export function createUserTokenService(options: UserTokenOptions) {
  const dependencies: UserTokenDependencies = { ...options, ...partsOf(options) };
  return {
    exchangePassword: createPasswordExchange(dependencies),
    refresh: createRefresh(dependencies),
  };
}

function partsOf(options: UserTokenOptions) {
  const { platform, oauth } = options;
  return {
    roleScopes: createRoleScopes(platform, options.scopePolicy),
    refreshTokens: createRefreshTokenStore(options),
    writeAccessToken: createAccessTokenWriter({ ...options, signingKeys: oauth.signingKeys }),
    platformClient: createPlatformClient({ ...oauth, platformName: platform.name }),
  };
}
