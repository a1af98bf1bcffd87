import type { CompleteDefinition } from './definition.ts';
import { ConfigurationError } from './errors.ts';
import type { Runtime } from './runtime.ts';

/** One way to authenticate, and where calls go. What is left out comes from the environment. */
export interface ClientOptions {
  /** <PREFIX>_API_KEY */
  apiKey?: string | undefined;
  /** <PREFIX>_ACCESS_TOKEN: sent as it is, never refreshed. */
  accessToken?: string | undefined;
  /** <PREFIX>_CLIENT_ID, with clientSecret: tokens are fetched and renewed by the client itself. */
  clientId?: string | undefined;
  /** <PREFIX>_CLIENT_SECRET */
  clientSecret?: string | undefined;
  /** <PREFIX>_EMAIL, with password, where the platform has tokens of users. */
  email?: string | undefined;
  /** <PREFIX>_PASSWORD */
  password?: string | undefined;
  /** Of tokens that are fetched; default: all that the client or user may have. */
  scopes?: readonly string[] | undefined;
  /** <PREFIX>_ORG_ID */
  organizationId?: string | undefined;
  /** <PREFIX>_BASE_URL; default: production. */
  baseUrl?: string | undefined;
  /** For client credentials: a path below the base URL, or a URL. */
  tokenUrl?: string | undefined;
  /** How often a request is tried again. Default 2. */
  maxRetries?: number | undefined;
  /** For each attempt, until its body is read. Default 30. */
  timeoutSeconds?: number | undefined;
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Clock, chance, sleep and environment: for tests. */
  runtime?: Partial<Runtime> | undefined;
}

/** The one way that counts. */
export type Method =
  | { readonly method: 'apiKey'; readonly apiKey: string }
  | { readonly method: 'accessToken'; readonly accessToken: string }
  | {
      readonly method: 'clientCredentials';
      readonly clientId: string;
      readonly clientSecret: string;
    }
  | { readonly method: 'password'; readonly email: string; readonly password: string };

/** What nobody else may know of it. */
export function secretIn(method: Method): string {
  switch (method.method) {
    case 'apiKey':
      return method.apiKey;
    case 'accessToken':
      return method.accessToken;
    case 'clientCredentials':
      return method.clientSecret;
    case 'password':
      return method.password;
  }
}

export interface Configuration {
  readonly credential: Method;
  readonly organizationId: string | null;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
  readonly maxRetries: number;
  readonly timeoutSeconds: number;
}

const VARIABLES = {
  apiKey: 'API_KEY',
  accessToken: 'ACCESS_TOKEN',
  clientId: 'CLIENT_ID',
  clientSecret: 'CLIENT_SECRET',
  email: 'EMAIL',
  password: 'PASSWORD',
  organizationId: 'ORG_ID',
  baseUrl: 'BASE_URL',
} as const;

type Field = keyof typeof VARIABLES;

const METHODS = [
  ['apiKey'],
  ['accessToken'],
  ['clientId', 'clientSecret'],
  ['email', 'password'],
] as const satisfies readonly (readonly Field[])[];

/** Where values come from: what they are, and how they are called there. */
interface Source {
  readonly textOf: (field: Field) => string | undefined;
  readonly nameOf: (field: Field) => string;
}

/** @throws ConfigurationError saying what to mend, without repeating a secret */
export function configure(
  definition: CompleteDefinition,
  options: ClientOptions,
  { env }: Pick<Runtime, 'env'>,
): Configuration {
  const variable = (field: Field) => `${definition.envPrefix}_${VARIABLES[field]}`;
  const explicit: Source = {
    textOf: (field) => options[field] || undefined,
    nameOf: (field) => field,
  };
  const surrounding: Source = { textOf: (field) => env[variable(field)], nameOf: variable };
  const either = (field: Field) => {
    const source = explicit.textOf(field) ? explicit : surrounding;
    return { value: source.textOf(field) || undefined, name: source.nameOf(field) };
  };
  const base = either('baseUrl');
  const baseUrl = httpUrl(base.value ?? definition.baseUrl, base.name);
  const organization = either('organizationId');
  if (organization.value) requireHeaderText(organization.value, organization.name);
  return {
    credential:
      readMethod(definition, explicit) ?? readMethod(definition, surrounding) ?? none(definition),
    organizationId: organization.value ?? null,
    baseUrl,
    tokenUrl: absolute(options.tokenUrl || definition.tokenUrl, baseUrl),
    scopes: options.scopes ?? [],
    maxRetries: options.maxRetries ?? 2,
    timeoutSeconds: options.timeoutSeconds ?? 30,
  };
}

function readMethod(definition: CompleteDefinition, source: Source): Method | undefined {
  const { textOf, nameOf } = source;
  const hasUsers = definition.userTokenPaths !== null;
  const isFromEnvironment = nameOf('email') !== 'email';
  const known = METHODS.filter((fields) => fields[0] !== 'email' || hasUsers || !isFromEnvironment);
  const begun = known.filter((fields) => fields.some((field) => textOf(field)));
  const [fields, another] = begun;
  if (!fields) return undefined;
  const names = (all: readonly Field[]) => all.map(nameOf).join(' with ');
  if (another) {
    throw new ConfigurationError(
      `There are several ways to authenticate: ${begun.map(names).join(', and ')}. Keep one of them.`,
    );
  }
  if (fields[0] === 'email' && !hasUsers) {
    throw new ConfigurationError(
      `${definition.name} does not take email and password. Use apiKey, accessToken, or clientId with clientSecret.`,
    );
  }
  const missing = fields.filter((field) => !textOf(field));
  if (missing.length > 0) {
    const given = fields.filter((field) => textOf(field)).map(nameOf);
    throw new ConfigurationError(
      `${given.join()} is there without ${missing.map(nameOf).join()}. Give both.`,
    );
  }
  return toMethod(fields[0], source);
}

function toMethod(first: Field, { textOf, nameOf }: Source): Method {
  const text = (field: Field) => textOf(field) as string;
  switch (first) {
    case 'apiKey':
      return { method: 'apiKey', apiKey: requireToken(text('apiKey'), nameOf('apiKey')) };
    case 'accessToken': {
      const accessToken = requireToken(text('accessToken'), nameOf('accessToken'));
      return { method: 'accessToken', accessToken };
    }
    case 'clientId': {
      const [clientId, clientSecret] = [text('clientId'), text('clientSecret')];
      return { method: 'clientCredentials', clientId, clientSecret };
    }
    default:
      return { method: 'password', email: text('email'), password: text('password') };
  }
}

function none({ name, envPrefix, userTokenPaths }: CompleteDefinition): never {
  const users = userTokenPaths ? ', or email with password' : '';
  const variables = METHODS.slice(0, 3).map((fields) =>
    fields.map((field) => `${envPrefix}_${VARIABLES[field]}`).join(' with '),
  );
  throw new ConfigurationError(
    `${name} needs a credential: pass apiKey, accessToken, clientId with clientSecret${users}; or set one of ${variables.join(', ')} in the environment.`,
  );
}

/** What goes into a header as a credential: printable ASCII without spaces. */
function requireToken(value: string, name: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new ConfigurationError(
    `${name} has a character that no credential has, such as a space or a line break. Copy it anew.`,
  );
}

function requireHeaderText(value: string, name: string): void {
  if (/^[\x21-\x7e]+$/.test(value)) return;
  throw new ConfigurationError(
    `${name} has a character that no identifier has, such as a space or a line break. Copy it anew.`,
  );
}

function httpUrl(text: string, name: string): string {
  const mend = `${name} is not usable: give an http or https URL without user, query and fragment, such as https://api.example.com.`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url &&
    /^https?:$/.test(url.protocol) &&
    !/[?#\\\s]/.test(text) &&
    !url.username &&
    !url.password;
  if (!isPlain) throw new ConfigurationError(mend);
  return url.href.replace(/\/+$/, '');
}

const absolute = (target: string, baseUrl: string) =>
  target.startsWith('/') ? baseUrl + target : httpUrl(target, 'tokenUrl');
