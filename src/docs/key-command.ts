import type { ScopePolicy } from '../credentials/scope-policy.ts';
import type { Platform } from '../platform/platform.ts';
import { curl } from '../snippets/curl.ts';
import { createTopic, pathOf, presenting } from './topic.ts';

/** A key, as whoever made it may try it. */
export interface TriedKey {
  /** The key string. */
  readonly apiKey: string;
  readonly organizationId: string;
  readonly scopes: readonly string[];
}

/**
 * A command for a shell that makes a call with an API key, and shows the answer with its headers. Undefined: the
 * platform declares no harmless call that the key alone can make.
 *
 * @param apiUrl where the API is called, or the gate is asked about it
 */
export function keyCommand(
  { apiKey, organizationId, scopes }: TriedKey,
  { platform, scopePolicy }: { platform: Platform; scopePolicy: ScopePolicy },
  { issuer, apiUrl }: { issuer: string; apiUrl: string },
): string | undefined {
  const held = scopePolicy.expand(scopes);
  const allowed = platform.routes.filter(({ scope }) => !scope || held.has(scope));
  // Where paths name an organization, one that does shows best what a key is for.
  const owned = allowed.filter(({ organizationParam }) => organizationParam !== undefined);
  const routes = owned.length > 0 ? owned : allowed;
  const topic = createTopic({ platform: { ...platform, routes }, issuer, apiUrl });
  const ways = topic.presentationsOf('api_key');
  // A URL ends up in the shell's history and in access logs.
  const way = ways.find((one) => one.in !== 'query') ?? ways[0];
  if (!topic.example || !way) return undefined;
  const { route } = topic.example;
  const request = presenting(
    { ...topic, value: (name) => (name === 'org_id' ? organizationId : apiKey) },
    way,
    'api_key',
    { route, path: pathOf(route, organizationId) },
  );
  return `${curl(request)} -i`;
}
