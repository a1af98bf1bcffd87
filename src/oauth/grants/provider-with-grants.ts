import Provider, { type TokenEndpointGrantContext, type UnknownObject } from 'oidc-provider';
import type { Denylist } from '../denylist/denylist.ts';
import { askDatabase, serviceUnavailable } from '../unavailable.ts';

export type GrantHandler = Parameters<Provider['registerGrantType']>[1];
type Names = Parameters<Provider['registerGrantType']>[2];

/** @throws when the client, or service account, gets no token at this moment */
export type AdmitToGrants = (clientId: string) => Promise<void>;

const ownHandlers = new WeakMap<Provider, GrantHandler>();
const doorkeepers = new WeakMap<Provider, AdmitToGrants>();

/**
 * The library's provider, in which somebody may stand in front of the grants; remembers how it answers client
 * credentials, so that others can be answered so.
 */
export class ProviderWithGrants extends Provider {
  override registerGrantType<Params extends object = UnknownObject>(
    name: string,
    handler: (ctx: TokenEndpointGrantContext<Params>) => void | Promise<void>,
    params?: Names,
    duplicates?: Names,
  ): void {
    if (name === 'client_credentials') ownHandlers.set(this, handler as GrantHandler);
    // A refresh token is of before what ended, and dead, or of after the margin.
    const isRenewal = name === 'refresh_token';
    const admitted = async (ctx: TokenEndpointGrantContext<Params>) => {
      if (!isRenewal) await doorkeepers.get(this)?.(ctx.oidc.client.clientId);
      await handler(ctx);
    };
    super.registerGrantType(name, admitted, params, duplicates);
  }
}

/** @throws Error when the library has no such grant any more */
export function clientCredentialsOf(provider: Provider): GrantHandler {
  const handler = ownHandlers.get(provider);
  if (!handler) throw new Error('the library has no client credentials grant any more');
  return handler;
}

/** Has every client that has proved itself admitted before anything that it brings is used up. */
export function admitToGrants(provider: Provider, admit: AdmitToGrants): void {
  doorkeepers.set(provider, admit);
}

/**
 * What ended all tokens of a client has a margin for clocks that differ, and one that is let in again may come within
 * it: better no token than one that is refused for all of its life. Its code or assertion is still
 * good when it comes again.
 */
export function refuseJustEnded({
  isClientDenied,
}: Pick<Denylist, 'isClientDenied'>): AdmitToGrants {
  return async (clientId) => {
    const denied = isClientDenied(clientId);
    if (denied === false || !(await askDatabase(async () => denied))) return;
    const why = 'its tokens were ended a moment ago: try again in a few seconds';
    throw serviceUnavailable(undefined, why);
  };
}
