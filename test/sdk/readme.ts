import { readFileSync } from 'node:fs';
import type { LiveServer } from '../../sdk/live/start.ts';
import { sdkPath } from './toolchain.ts';

/**
 * The first program of a language's README as it stands there, but for the key and the organization.
 *
 * @returns `env`: leads it to a server in place of production
 */
export function firstProgram(
  language: 'typescript' | 'python' | 'go' | 'java',
  { apiKey, organizationId, baseUrl }: LiveServer,
  containing = 'sk-live-...',
): { code: string; env: Record<string, string> } {
  const readme = readFileSync(`${sdkPath(language)}/README.md`, 'utf8');
  const blocks = Array.from(readme.matchAll(/^```\w+\n(.*?)^```$/gms), ([, code]) => code!);
  const program = blocks.find((code) => code.includes(containing));
  if (!program) throw new Error(`sdk/${language}/README.md has no program with ${containing}`);
  return {
    code: program.replace('sk-live-...', apiKey).replace('your-org-uuid', organizationId),
    env: { KLOAKD_BASE_URL: baseUrl },
  };
}

/** What the API that echoes has in its answer when such a program has called it, in any language's spelling. */
export const heardOf = ({ organizationId }: LiveServer): RegExp =>
  new RegExp(`/api/v1/organizations/${organizationId}/discoveries`);
