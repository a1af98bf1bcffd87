import type { JSONWebKeySet } from 'jose';
import type { AuditActor } from '../../audit/audit.ts';

export type ClientAuthMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'none';

export type GrantType = 'authorization_code' | 'client_credentials' | 'refresh_token';

/** An OAuth 2 client as the rest of Gatehouse sees it (metadata of RFC 7591 §2). */
export interface OAuthClient {
  readonly id: string;
  /** Null: the operator's own client, bound to no tenant. */
  readonly organizationId: string | null;
  readonly organizationName: string | null;
  readonly name: string;
  readonly applicationType: 'web' | 'native';
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly responseTypes: readonly string[];
  /** Every scope it may ask for. */
  readonly scopes: readonly string[];
  readonly tokenEndpointAuthMethod: ClientAuthMethod;
  readonly tokenEndpointAuthAlg: string | null;
  readonly jwks: JSONWebKeySet | null;
  readonly jwksUri: string | null;
  readonly clientUri: string | null;
  readonly logoUri: string | null;
  readonly policyUri: string | null;
  readonly tosUri: string | null;
  readonly contacts: readonly string[];
  readonly requirePkce: boolean;
  readonly requirePushedRequests: boolean;
  /** Resources whose tokens it may introspect (RFC 7662 §2.1). */
  readonly introspectionAudiences: readonly string[];
  readonly secrets: readonly ClientSecret[];
  readonly disabled: boolean;
  /** Null: it was made before that was kept. */
  readonly createdBy: { readonly kind: AuditActor['kind']; readonly id: string | null } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ClientSecret {
  readonly id: string;
  /** Keyed SHA-256. */
  readonly hash: Uint8Array;
  /** For people: how it begins and ends. */
  readonly hint: string;
  readonly expiresAt: Date | null;
}

/** What a new client needs; the rest has defaults. */
export type NewClient = Omit<
  OAuthClient,
  'secrets' | 'disabled' | 'createdBy' | 'createdAt' | 'updatedAt' | 'organizationName'
>;
