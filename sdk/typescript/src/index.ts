export {
  type ApiResponse,
  createPlatformClient,
  PlatformClient,
  type PlatformClientClass,
} from './client.ts';
export type { ClientOptions } from './configuration.ts';
export type {
  ErrorBodyPaths,
  ErrorRow,
  PlatformDefinition,
  WebhookDefinition,
} from './definition.ts';
export {
  AuthenticationError,
  ConfigurationError,
  ConnectionError,
  type FailureDetails,
  ForbiddenError,
  GatehouseError,
  NotEntitledError,
  RateLimitError,
  ServerError,
  TimeoutError,
  type WebhookRefusal,
  WebhookVerificationError,
} from './errors.ts';
export {
  createIdentityVerifier,
  type IdentityOptions,
  type IdentityVerifier,
  type Principal,
  type Verdict,
} from './identity.ts';
export { Kaie, Klen, KliqClient, Kloakd } from './platforms.ts';
export { kaie, klen, kliq, kloakd } from './presets.ts';
export type { Query, RequestBody, RequestOptions } from './request.ts';
export type { Runtime } from './runtime.ts';
export type { PasswordExchange, TokenPair, UserTokens } from './user-tokens.ts';
export { type VerifiedWebhook, verifyWebhook, type WebhookDelivery } from './webhooks.ts';
