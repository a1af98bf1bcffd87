import type { AdapterDependencies, ModelAdapter } from './adapter.ts';

/**
 * Access tokens are JWTs and stored nowhere. What a caller of introspection or revocation presents was
 * verified before (see tokens/presented-tokens.ts) and is looked up here by its handle; ending one puts
 * its jti on the denylist.
 */
export function createAccessTokenAdapter(
  model: 'AccessToken' | 'ClientCredentials',
  { database, notifications, revocations, presentedTokens }: AdapterDependencies,
): ModelAdapter {
  return {
    async find(handle) {
      const payload = presentedTokens.find(handle);
      return payload?.kind === model ? payload : undefined;
    },
    async destroy(jti) {
      await database.transaction((tx) => revocations.denyToken(tx, jti));
      await notifications.caughtUp();
    },
  };
}
