import type Provider from 'oidc-provider';
import type { OAuthClient } from './client.ts';

export type ProviderClient = InstanceType<Provider['Client']>;

const rows = new WeakMap<object, OAuthClient>();

/** Remembers which client an instance of the library stands for. */
export function bindInstance(instance: ProviderClient, client: OAuthClient): void {
  rows.set(instance, client);
}

/** The client behind an instance of the library: what Gatehouse knows of it and the library doesn't. */
export function clientOf(instance: object): OAuthClient {
  const client = rows.get(instance);
  if (!client) throw new Error('a client instance that did not come from the directory');
  return client;
}
