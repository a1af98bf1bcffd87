import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { SigningKeys } from './signing-keys/signing-keys.ts';

/** The provider of the moment. Requests under way finish on the one they began with. */
export interface ProviderHost {
  readonly current: Provider;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** Builds the provider anew whenever the signing keys change. Call after {@link SigningKeys.start}. */
export function createProviderHost(options: {
  signingKeys: SigningKeys;
  build: () => Provider;
}): ProviderHost {
  let current = options.build();
  let handler = current.callback();
  options.signingKeys.onChange(() => {
    const next = options.build();
    current = next;
    handler = next.callback();
  });
  return {
    get current() {
      return current;
    },
    handle: (request, response) => void handler(request, response),
  };
}
