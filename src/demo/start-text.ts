import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Platform } from '../platform/platform.ts';

/**
 * What the process prints at a start without demo data: where the pages are, where the operator's key is found,
 * and a command to begin with. The key itself stays where it is.
 */
export function startText(
  config: Pick<Config, 'adminKey' | 'dataDir'>,
  platform: Platform,
  issuer: string,
): string {
  const file = adminKeyFile(config);
  const where = file ? `in ${file}` : 'the ADMIN_KEY that this was started with';
  const key = file ? `$(cat ${inQuotes(file)})` : '$ADMIN_KEY';
  const playground = `  Every flow, step by step:  ${issuer}/playground\n`;
  return `
  ${platform.name} is ready at ${issuer}, without demo data

  Sign in and look around:   ${issuer}/dashboard
${platform.oauth.playgroundEnabled ? playground : ''}  What your developers read: ${issuer}/docs/authentication
  The management API:        ${issuer}/reference

  The operator's key is ${where}. To begin with, make an organization:

       curl ${issuer}/manage/v1/organizations -H "Authorization: Bearer ${key}" -H 'Content-Type: application/json' -d '{"name": "My company"}'

  Stop with Ctrl-C; the data stays for the next start.
`;
}

/** The file that an earlier start, or this one, has made; undefined where the environment gives another key. */
function adminKeyFile({ adminKey, dataDir }: Pick<Config, 'adminKey' | 'dataDir'>) {
  const file = join(dataDir, 'admin-key');
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8').trim() === adminKey ? file : undefined;
}

/** In a shell's single quotes, within its double ones. */
const inQuotes = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
