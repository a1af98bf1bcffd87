import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Everything the environment decides. Read once, at start, by {@link readConfig} and nowhere else. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** The origin people and clients see, e.g. https://auth.example.com; undefined: the platform file's, else the address bound. */
  readonly issuer: string | undefined;
  /** A name in platforms/ or a path to a platform file. */
  readonly platform: string;
  readonly upstream: string | undefined;
  /** Undefined: embedded Postgres in {@link dataDir}. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
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

/**
 * Reads the environment. Every variable NAME may also be given as NAME_FILE, a file that holds it.
 *
 * @throws ConfigError with every problem at once
 */
export function readConfig(environment: Environment = process.env): Config {
  const problems: string[] = [];
  const read = (name: string) => readVariable(environment, name, problems);

  const production = read('NODE_ENV') === 'production';
  const dataDir = resolve(read('DATA_DIR') ?? '.data');
  const config: Config = {
    production,
    dataDir,
    host: read('HOST') ?? '127.0.0.1',
    port: integer('PORT', read('PORT') ?? '3000', 0, 65_535, problems),
    issuer: origin('ISSUER', read('ISSUER'), production, problems),
    platform: read('PLATFORM') ?? 'example',
    upstream: origin('UPSTREAM', read('UPSTREAM'), false, problems),
    databaseUrl: databaseUrl(read('DATABASE_URL'), problems),
    databasePoolSize: integer(
      'DATABASE_POOL_SIZE',
      read('DATABASE_POOL_SIZE') ?? '10',
      1,
      500,
      problems,
    ),
    redisUrl: read('REDIS_URL'),
    masterKey: masterKey(read('MASTER_KEY'), production, dataDir, problems),
    adminKey: adminKey(read('ADMIN_KEY'), production, dataDir, problems),
    demo: read('DEMO') !== '0' && !production,
    logLevel: read('LOG_LEVEL') ?? 'info',
    trustProxy: trustedProxies(read('TRUST_PROXY')),
    allowPrivateTargets: read('ALLOW_PRIVATE_TARGETS') === '1',
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readVariable(
  environment: Environment,
  name: string,
  problems: string[],
): string | undefined {
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}_FILE names ${file}, which cannot be read (${(error as Error).message})`);
    return undefined;
  }
}

function integer(
  name: string,
  value: string,
  min: number,
  max: number,
  problems: string[],
): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value}"`);
  return min;
}

/** An issuer is an origin here: no path, so that every endpoint has one unambiguous address. */
function origin(
  name: string,
  value: string | undefined,
  httpsOnly: boolean,
  problems: string[],
): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== value.replace(/\/$/, '')) {
    problems.push(
      `${name} must be an http(s) origin without path, query or user, like https://auth.example.com, not "${value}"`,
    );
    return undefined;
  }
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (httpsOnly && url.protocol === 'http:' && !loopback) {
    problems.push(`${name} must use https in production (RFC 8414 §2), not "${value}"`);
  }
  return url.origin;
}

function databaseUrl(value: string | undefined, problems: string[]): string | undefined {
  if (value === undefined) return undefined;
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value;
  // The value may hold a password: it is not repeated.
  problems.push('DATABASE_URL must be a URL like postgresql://user:password@host:5432/database');
  return undefined;
}

function masterKey(
  value: string | undefined,
  production: boolean,
  dataDir: string,
  problems: string[],
): Buffer {
  if (value === undefined && production) {
    problems.push(
      'MASTER_KEY is required with NODE_ENV=production: 32 random bytes in base64, e.g. from `openssl rand -base64 32`',
    );
    return Buffer.alloc(32);
  }
  const text =
    value ?? keptInDataDir(dataDir, 'master-key', () => randomBytes(32).toString('base64'));
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) {
    problems.push(
      `MASTER_KEY must be 32 bytes in base64; this one has ${bytes.length}. Make one with \`openssl rand -base64 32\``,
    );
    return Buffer.alloc(32);
  }
  return bytes;
}

function adminKey(
  value: string | undefined,
  production: boolean,
  dataDir: string,
  problems: string[],
): string {
  if (value === undefined && production) {
    problems.push(
      'ADMIN_KEY is required with NODE_ENV=production: at least 24 random characters, e.g. from `openssl rand -base64 32`',
    );
    return '';
  }
  const key =
    value ??
    keptInDataDir(dataDir, 'admin-key', () => `gh_admin_${randomBytes(32).toString('base64url')}`);
  if (key.length < 24)
    problems.push(`ADMIN_KEY must have at least 24 characters; this one has ${key.length}`);
  return key;
}

/** Development only: a secret made on first start and kept with mode 0600, so that a second start reads the same. */
function keptInDataDir(dataDir: string, name: string, make: () => string): string {
  const file = join(dataDir, name);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process made it in the meantime: its value counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

function trustedProxies(value: string | undefined): readonly string[] | false {
  if (value === undefined || value === '0' || value === 'false') return false;
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
