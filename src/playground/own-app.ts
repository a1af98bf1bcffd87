import type { FastifyRequest } from 'fastify';
import type { IdentityService } from '../identity/identity.service.ts';
import type { User } from '../identity/identity.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { ClientService } from '../oauth/clients/clients.service.ts';
import { PLAYGROUND_CLIENT_ID } from '../oauth/clients/house-clients.ts';
import type { BrowserSessions } from '../oauth/sessions/browser-sessions.ts';
import type { PlaygroundAppProblem } from '../pages/playground-models.ts';
import { CALLBACK_PATH } from './playground-client.ts';

/** An app of the visitor's, with which the flows of a person are tried. */
export interface OwnApp {
  readonly id: string;
  readonly name: string;
  /** How it proves who it is; a secret is typed into the page. */
  readonly auth: 'none' | 'client_secret_basic' | 'client_secret_post';
  /** Of the platform's, those that it may ask for. */
  readonly scopes: readonly string[];
  readonly canRefresh: boolean;
}

/** What an address says of an app. */
export type NamedApp =
  | { readonly app: OwnApp }
  | {
      readonly problem: PlaygroundAppProblem;
      /** As named. Absent where the page must be the same whatever was named. */
      readonly id?: string;
    };

export interface OwnAppDependencies {
  issuer: string;
  clientService: Pick<ClientService, 'find'>;
  identity: Pick<IdentityService, 'findActiveUser' | 'membershipsOf'>;
  sessions: Pick<BrowserSessions, 'current'>;
}

/** What may be looked up: a UUID, or a name that an operator has given. */
const CLIENT_ID = /^[\x21-\x7e]{1,200}$/;

/**
 * The app that `client_id` in the page's address names, for whoever reads the page. What isn't there and
 * what isn't theirs are one answer.
 *
 * @returns undefined: none is named, or the playground's own
 */
export function createOwnApps(deps: OwnAppDependencies) {
  const { issuer, clientService, identity, sessions } = deps;

  async function isOf(user: User, { organizationId }: OAuthClient): Promise<boolean> {
    if (organizationId === null) return user.platformRole === 'operator';
    const memberships = await identity.membershipsOf(user.id);
    return memberships.some((one) => one.organizationId === organizationId);
  }

  return async function ownApp(request: FastifyRequest): Promise<NamedApp | undefined> {
    const { client_id: id } = request.query as Record<string, unknown>;
    if (id === undefined || id === PLAYGROUND_CLIENT_ID) return undefined;
    if (typeof id !== 'string' || !CLIENT_ID.test(id)) return { problem: { kind: 'unknown' } };
    const session = await sessions.current(request);
    const user = session && (await identity.findActiveUser(session.userId));
    if (!user) return { id, problem: { kind: 'unknown', signInUrl: signInUrlFor(id) } };
    const client = await clientService.find(id);
    if (!client || !(await isOf(user, client))) return { problem: { kind: 'unknown' } };
    return readApp(client, issuer + CALLBACK_PATH);
  };
}

function readApp(client: OAuthClient, redirectUri: string): NamedApp {
  const { id, name, organizationId, scopes, grantTypes, tokenEndpointAuthMethod: auth } = client;
  const about = {
    name,
    ...(organizationId
      ? { appUrl: `/dashboard/organizations/${organizationId}/apps/${encodeURIComponent(id)}` }
      : {}),
  };
  const problem = (kind: PlaygroundAppProblem['kind'], more = {}) => ({
    ...{ id, problem: { kind, ...about, ...more } },
  });
  if (client.disabled) return problem('disabled');
  if (!grantTypes.includes('authorization_code')) return problem('no_code');
  if (auth === 'private_key_jwt') return problem('signs');
  if (client.requirePushedRequests) return problem('pushes');
  if (!client.redirectUris.includes(redirectUri)) return problem('redirect_uri', { redirectUri });
  return { app: { id, name, auth, scopes, canRefresh: grantTypes.includes('refresh_token') } };
}

const signInUrlFor = (id: string): string =>
  `/sign-in?return_to=${encodeURIComponent(`/playground?client_id=${encodeURIComponent(id)}`)}`;
