import type { Gatehouse } from '../app.ts';
import type { ApiKey } from '../credentials/api-keys/api-key.ts';
import { environmentsOf } from '../credentials/api-keys/api-key-rules.ts';
import { OPERATOR } from '../credentials/maker.ts';
import { createScopePolicy } from '../credentials/scope-policy.ts';
import { keyCommand } from '../docs/key-command.ts';
import { CHECK_PATH } from '../gate/forward-auth.routes.ts';
import type { Platform } from '../platform/platform.ts';

const NAME = 'Demo Key';
const SYSTEM = { actor: { kind: 'system' } } as const;
const LOCALHOST = '127.0.0.1';

/**
 * A key with all that the demo user may do: the one that is kept, as long as it works here. One that was
 * revoked, disabled or rotated, and one of another platform, make room for another, as does one that a start
 * which was killed made and did not keep. Undefined: the platform issues none.
 *
 * @param kept the key string that an earlier start printed
 */
export async function ensureDemoKey(
  { credentials }: Gatehouse,
  platform: Platform,
  organizationId: string,
  kept: string | undefined,
): Promise<string | undefined> {
  if (environmentsOf(platform).length === 0) return undefined;
  const { apiKeys } = credentials;
  const scopes = platform.roles.owner;
  const known = kept && (await findWorking(credentials, kept));
  if (known) {
    // At a later start the platform file may name more of them.
    const isWhole = scopes.every((scope) => known.scopes.includes(scope));
    if (!isWhole) await apiKeys.update(known.id, { scopes }, OPERATOR, SYSTEM);
    return kept;
  }
  const active = await apiKeys.list({ organizationId, includeRevoked: false, limit: 1_000 });
  for (const { id, name, createdBy } of active) {
    const isOurs = name === NAME && createdBy.kind === SYSTEM.actor.kind;
    if (isOurs) await apiKeys.revoke(id, OPERATOR, SYSTEM);
  }
  const made = await apiKeys.create({ organizationId, name: NAME, scopes }, OPERATOR, SYSTEM);
  if (made.outcome === 'done') return made.secret;
  throw new Error(`the demo's API key was refused: ${JSON.stringify(made)}`);
}

/** The key that a request from this machine would be let in with. */
async function findWorking(
  { apiKeys, apiKeyVerifier }: Gatehouse['credentials'],
  text: string,
): Promise<ApiKey | undefined> {
  if (!apiKeyVerifier.recognises(text)) return undefined;
  const verdict = await apiKeyVerifier.verify(text, LOCALHOST);
  return 'principal' in verdict ? apiKeys.find(verdict.principal.id, OPERATOR) : undefined;
}

/**
 * How to try the key in a shell: a call of the API, where the gate is its proxy, else a question to the gate
 * whether such a call would pass. Undefined: the platform declares no call that a key alone can make.
 */
export function demoKeyCommand(
  { apiKey, organizationId }: { apiKey: string; organizationId: string },
  platform: Platform,
  { issuer, isProxy }: { issuer: string; isProxy: boolean },
): string | undefined {
  const scopes = platform.roles.owner;
  const scopePolicy = createScopePolicy(platform);
  return keyCommand(
    { apiKey, organizationId, scopes },
    { platform, scopePolicy },
    { issuer, apiUrl: isProxy ? issuer : `${issuer}${CHECK_PATH}` },
  );
}
