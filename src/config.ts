import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { keptSecret } from './lib/kept-secret.ts';
import { isDecodable } from './lib/percent-encoding.ts';

/** Everything the environment decides. Read once, at start, by {@link readConfig} and nowhere else. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** The origin people and clients see, e.g. https://auth.example.com; undefined: the platform file's, else the address bound. */
  readonly issuer: string | undefined;
  /** A name in platforms/ or a path to a platform file. */
  readonly platform: string;
  /** Origin of the API that the gate stands in front of as a proxy; undefined: the platform file's, else no proxy. */
  readonly upstream: string | undefined;
  /** Undefined: embedded Postgres in {@link dataDir}. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
  /** Redis or Valkey, for rates that processes count together; undefined: each counts for itself. */
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  /** 32 bytes. */
  readonly masterKey: Buffer;
  readonly adminKey: string;
  readonly demo: boolean;
  readonly logLevel: string;
  /** Proxies whose X-Forwarded-For is believed: addresses or CIDR ranges, or false. */
  readonly trustProxy: readonly string[] | false;
  /** Whether jwks_uri and webhooks may lead into a private network. */
  readonly allowPrivateTargets: boolean;
  /** Where whoever reports leaked keys publishes its public keys; undefined: no reports are taken. */
  readonly leakReporterKeysUrl: string | undefined;
}

/** The environment is wrong; the message names every variable concerned and how to mend it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What this process was started with. */
export const ownEnvironment: Environment = process.env;

/** The values a reader could not use, each with how to mend it; no secret is repeated in them. */
type Problems = string[];

/** PLATFORM alone, for reading the platform file before the rest is judged. */
export function readPlatformName(environment: Environment = ownEnvironment): string {
  return readVariable(environment, 'PLATFORM', []) ?? 'example';
}

/**
 * Reads the environment. Every variable NAME may also be given as NAME_FILE, a file that holds it.
 *
 * @param platform where it is known: production then needs ISSUER, there or here
 * @throws ConfigError with every problem at once
 */
export function readConfig(
  environment: Environment = ownEnvironment,
  platform?: { readonly issuer?: string | undefined },
): Config {
  const problems: Problems = [];
  const read = (name: string) => readVariable(environment, name, problems);
  const whole = (name: string, preset: string, min: number, max: number) =>
    integer(name, read(name) ?? preset, min, max, problems);
  const flag = (name: string, preset: boolean) => yesOrNo(name, read(name), preset, problems);

  const mode = oneOf('NODE_ENV', read('NODE_ENV') ?? 'development', MODES, problems);
  const production = mode === 'production';
  const dataDir = resolve(read('DATA_DIR') ?? '.data');
  const config: Config = {
    production,
    dataDir,
    host: host(read('HOST') ?? '127.0.0.1', problems),
    port: whole('PORT', '3000', 1, 65_535),
    issuer: origin('ISSUER', read('ISSUER'), production, problems),
    platform: read('PLATFORM') ?? 'example',
    upstream: origin('UPSTREAM', read('UPSTREAM'), false, problems),
    databaseUrl: serverUrl('DATABASE_URL', read('DATABASE_URL'), POSTGRES_URL, problems),
    databasePoolSize: whole('DATABASE_POOL_SIZE', '10', 1, 500),
    redisUrl: serverUrl('REDIS_URL', read('REDIS_URL'), REDIS_URL, problems),
    masterKey: masterKey(read('MASTER_KEY'), production, dataDir, problems),
    adminKey: adminKey(read('ADMIN_KEY'), production, dataDir, problems),
    demo: flag('DEMO', true) && !production,
    logLevel: oneOf('LOG_LEVEL', read('LOG_LEVEL') ?? 'info', LOG_LEVELS, problems),
    trustProxy: trustedProxies(read('TRUST_PROXY'), problems),
    allowPrivateTargets: flag('ALLOW_PRIVATE_TARGETS', false),
    leakReporterKeysUrl: webAddress(
      'LEAK_REPORTER_KEYS_URL',
      read('LEAK_REPORTER_KEYS_URL'),
      production,
      problems,
    ),
  };
  if (production && platform && !config.issuer && !platform.issuer) {
    missing(
      'ISSUER',
      'unless the platform file names it: the https origin that clients and browsers use, e.g. https://auth.example.com',
      problems,
    );
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return config;
}

const MODES = ['production', 'development', 'test'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const POSTGRES_URL = {
  protocols: ['postgres:', 'postgresql:'],
  path: /.*/,
  example: 'postgresql://user:password@host:5432/database',
};
const REDIS_URL = {
  protocols: ['redis:', 'rediss:'],
  // The number of a database, if anything.
  path: /^\/?\d*$/,
  example: 'redis://user:password@host:6379/0',
};

function readVariable(
  environment: Environment,
  name: string,
  problems: Problems,
): string | undefined {
  const value = environment[name] || undefined;
  const file = environment[`${name}_FILE`] || undefined;
  if (file === undefined) return value;
  if (value !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set: unset one of them`);
    return value;
  }
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text === '') problems.push(`${name}_FILE names a file that is empty`);
    return text || undefined;
  } catch (error) {
    // What was meant to be a path may be the secret itself: it is not repeated.
    const { code } = error as NodeJS.ErrnoException;
    problems.push(`${name}_FILE names a file that cannot be read (${code}): give its path`);
    return undefined;
  }
}

/** Unless it was there and was wrong, which has been said already. */
function missing(name: string, more: string, problems: Problems): void {
  if (problems.some((problem) => problem.startsWith(name))) return;
  problems.push(`${name} is required with NODE_ENV=production ${more}`);
}

function integer(
  name: string,
  value: string,
  min: number,
  max: number,
  problems: Problems,
): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  problems.push(`${name} must be a whole number from ${min} to ${max}, not ${shown(value)}`);
  return min;
}

function yesOrNo(
  name: string,
  value: string | undefined,
  preset: boolean,
  problems: Problems,
): boolean {
  if (value === undefined) return preset;
  if (value !== '0' && value !== '1') problems.push(`${name} must be 0 or 1, not ${shown(value)}`);
  return value === '1';
}

function oneOf(name: string, value: string, known: string[], problems: Problems): string {
  if (known.includes(value)) return value;
  problems.push(`${name} must be one of ${known.join(', ')}, not ${shown(value)}`);
  return known[0]!;
}

/** An issuer is an origin here: no path, so that every endpoint has one unambiguous address. */
function origin(
  name: string,
  value: string | undefined,
  httpsOnly: boolean,
  problems: Problems,
): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== value.replace(/\/$/, '')) {
    problems.push(
      `${name} must be an http(s) origin without path, query or user, like https://auth.example.com, not ${shown(value)}`,
    );
    return undefined;
  }
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (httpsOnly && url.protocol === 'http:' && !loopback) {
    problems.push(`${name} must use https in production (RFC 8414 §2), not ${shown(value)}`);
  }
  return url.origin;
}

function webAddress(
  name: string,
  value: string | undefined,
  httpsOnly: boolean,
  problems: Problems,
): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  const schemes = httpsOnly ? ['https:'] : ['https:', 'http:'];
  if (url && schemes.includes(url.protocol) && !url.username && !url.password) return value;
  problems.push(
    `${name} must be an https URL without user, like https://api.github.com/meta/public_keys/secret_scanning, not ${shown(value)}`,
  );
  return undefined;
}

/** The value may hold a password: it is not repeated. */
function serverUrl(
  name: string,
  value: string | undefined,
  { protocols, path, example }: { protocols: string[]; path: RegExp; example: string },
  problems: Problems,
): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (url && protocols.includes(url.protocol) && path.test(url.pathname)) {
    if (isDecodable(url.username + url.password)) return value;
    problems.push(`${name} must have its user and password percent-encoded: % itself is %25`);
    return undefined;
  }
  problems.push(`${name} must be a URL like ${example}`);
  return undefined;
}

/** A wrong value in a message: short, and never what may hold a password. */
function shown(value: string): string {
  return value.includes('@') || value.length > 60 ? 'what it is now' : `"${value}"`;
}

function masterKey(
  value: string | undefined,
  production: boolean,
  dataDir: string,
  problems: Problems,
): Buffer {
  const text =
    value ??
    ownSecret('MASTER_KEY', 'master-key', production, dataDir, problems, () =>
      randomBytes(32).toString('base64'),
    );
  if (text === undefined) return Buffer.alloc(32);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) {
    problems.push(
      `MASTER_KEY must be 32 bytes in base64; this one has ${bytes.length}. Make one with \`openssl rand -base64 32\``,
    );
    return Buffer.alloc(32);
  }
  return bytes;
}

/** Whether it can be resolved shows when it is listened on. */
function host(value: string, problems: Problems): string {
  const isName = /^[\w.-]+$/.test(value) && URL.canParse(`http://${value}`);
  if (!isName && !isIP(value)) {
    problems.push(
      `HOST must be a name or an address to listen on, like 127.0.0.1, 0.0.0.0 or ::, not "${value}"`,
    );
  }
  return value;
}

function adminKey(
  value: string | undefined,
  production: boolean,
  dataDir: string,
  problems: Problems,
): string {
  const key =
    value ??
    ownSecret(
      'ADMIN_KEY',
      'admin-key',
      production,
      dataDir,
      problems,
      () => `gh_admin_${randomBytes(32).toString('base64url')}`,
    );
  if (key !== undefined && key.length < 24)
    problems.push(`ADMIN_KEY must have at least 24 characters; this one has ${key.length}`);
  // Anything else a header does not carry, or not as it was typed (RFC 9110 §5.5).
  if (key !== undefined && !/^[\x21-\x7e]*$/.test(key)) {
    problems.push(
      'ADMIN_KEY must be of visible ASCII characters, without spaces. Make one with `openssl rand -base64 32`',
    );
  }
  return key ?? '';
}

/** In development a missing secret is made and kept in DATA_DIR; in production it is a problem. */
function ownSecret(
  name: string,
  fileName: string,
  production: boolean,
  dataDir: string,
  problems: Problems,
  make: () => string,
): string | undefined {
  if (production) {
    missing(name, '(make one with `openssl rand -base64 32`, and keep it)', problems);
    return undefined;
  }
  try {
    return keptSecret(dataDir, fileName, make);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push(
      `DATA_DIR must be a directory this user may write to; ${dataDir} is not (${code})`,
    );
    return undefined;
  }
}

function trustedProxies(value: string | undefined, problems: Problems): readonly string[] | false {
  if (value === undefined || value === '0' || value === 'false') return false;
  const proxies = value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const wrong = proxies.filter((proxy) => !NAMED_RANGES.includes(proxy) && !isRange(proxy));
  if (wrong.length > 0) {
    problems.push(
      `TRUST_PROXY must list the addresses or CIDR ranges of your proxies, such as 10.0.0.0/8, or ${NAMED_RANGES.join(', ')}; not ${shown(wrong.join(', '))}`,
    );
    return false;
  }
  return proxies;
}

/** Names that Fastify knows for private ranges. */
const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

function isRange(text: string): boolean {
  const [address = '', prefix] = text.split('/', 2);
  const family = isIP(address);
  if (family === 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix)) return false;
  return Number(prefix) <= (family === 4 ? 32 : 128);
}
