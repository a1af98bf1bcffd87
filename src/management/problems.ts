import { type Static, Type } from 'typebox';
import { isDatabaseUnavailable } from '../database/database.ts';
import { IdentityError } from '../identity/identity.ts';
import { InvalidCursorError } from '../lib/cursor.ts';

/** Everything that can go wrong: code → status and a title that never changes with the occasion. */
const CATALOGUE = {
  malformed_request: { status: 400, title: 'The request cannot be read' },
  validation_failed: { status: 400, title: 'The request has wrong fields' },
  unauthenticated: { status: 401, title: 'A valid credential is needed' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The path does not have this method' },
  email_taken: { status: 409, title: 'Another user has this e-mail address' },
  already_member: { status: 409, title: 'The user is a member of this organization already' },
  already_invited: { status: 409, title: 'The address has an open invitation already' },
  last_owner: { status: 409, title: 'An organization must keep an owner' },
  user_disabled: { status: 409, title: 'The user is disabled' },
  next_key_too_young: { status: 409, title: 'The next signing key is not known everywhere yet' },
  too_many_webhooks: { status: 409, title: 'The organization has as many webhooks as it may' },
  webhook_inactive: { status: 409, title: 'The webhook is paused or disabled' },
  too_many_invitations: {
    status: 409,
    title: 'The organization has as many invitations as it may',
  },
  idempotency_key_reused: { status: 409, title: 'The idempotency key belongs to another event' },
  client_has_no_secret: { status: 409, title: 'The client does not authenticate with a secret' },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  unsupported_media_type: { status: 415, title: 'The request body must be JSON' },
  throttled: { status: 429, title: 'Too many requests in a short time' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'The service is temporarily unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof CATALOGUE;

export const PROBLEM_CODES = Object.keys(CATALOGUE) as ProblemCode[];

export const statusOf = (code: ProblemCode): number => CATALOGUE[code].status;
export const titleOf = (code: ProblemCode): string => CATALOGUE[code].title;

export const PROBLEM_TYPE = 'application/problem+json';

export const FieldError = Type.Object(
  {
    in: Type.Unsafe<'body' | 'query' | 'path'>({
      type: 'string',
      enum: ['body', 'query', 'path'],
      description: 'The part of the request.',
    }),
    path: Type.String({
      description: 'Where in that part, e.g. `redirect_uris[0]`; empty for the whole of it.',
    }),
    message: Type.String({ description: 'What is wrong, as a sentence.' }),
    expected: Type.Optional(Type.String()),
    found: Type.Optional(Type.String()),
    hint: Type.Optional(Type.String({ description: 'How to mend it, where that can be guessed.' })),
  },
  { additionalProperties: false },
);

export type FieldError = Static<typeof FieldError>;

/** The problem document. */
export const Problem = Type.Object(
  {
    type: Type.String({ format: 'uri', description: 'Identifies the kind of problem.' }),
    title: Type.String({ description: 'The kind of problem in words; always the same ones.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.Unsafe<ProblemCode>({
      type: 'string',
      enum: PROBLEM_CODES,
      description: 'The last part of `type`, for programs.',
    }),
    detail: Type.String({ description: 'What happened this time, and what to do.' }),
    request_id: Type.String({ description: 'The operator finds the request in the log by it.' }),
    errors: Type.Optional(Type.Array(FieldError, { description: 'Every field that is wrong.' })),
  },
  {
    $id: 'Problem',
    additionalProperties: false,
    description: 'What went wrong (RFC 9457).',
  },
);

export type Problem = Static<typeof Problem>;

interface ProblemOptions extends ErrorOptions {
  errors?: readonly FieldError[];
  /** Seconds after which the same request may succeed. */
  retryAfterSeconds?: number;
}

/** A refusal, thrown by a route for its door to render. Its message goes to the wire. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options);
    this.name = 'ProblemError';
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Also for what the caller may not see: both answers are the same. */
export const notFound = (what: string) =>
  new ProblemError('not_found', `There is no such ${what}.`);

/**
 * Refuses to a tenant what is the operator's to say.
 *
 * @param paths of the body
 * @throws ProblemError forbidden, naming each field
 */
export function operatorsOnly(
  principal: { readonly kind: string } | null,
  paths: readonly string[],
): void {
  if (principal?.kind === 'root' || paths.length === 0) return;
  const message = 'is for the operator to set';
  const errors = paths.map((path): FieldError => ({ in: 'body', path, message }));
  const detail = `Only the operator sets ${paths.join(', ')}.`;
  throw new ProblemError('forbidden', detail, { errors });
}

export function invalidFields(errors: readonly FieldError[]): ProblemError {
  const detail =
    errors.length === 1 ? sentence(errors[0]!) : `${errors.length} fields are wrong; see errors.`;
  return new ProblemError('validation_failed', detail, { errors });
}

/** Also for one that the caller may not name. */
export const unknownOrganization = () =>
  invalidField('organization_id', 'is not the id of an organization');

export const invalidField = (path: string, message: string, where: FieldError['in'] = 'body') =>
  invalidFields([{ in: where, path, message }]);

function sentence({ in: where, path, message, hint }: FieldError): string {
  const subject = path === '' ? where : path;
  return [`${subject}: ${message}.`, hint].filter(Boolean).join(' ');
}

const UNAVAILABLE_SECONDS = 2;

/** What the constraints of the database mean when they decide a race. */
const CONSTRAINTS: Readonly<Record<string, () => ProblemError>> = {
  clients_organization_id_fkey: () =>
    invalidField('organization_id', 'is not the id of an organization'),
  service_accounts_organization_id_fkey: () =>
    invalidField('organization_id', 'is not the id of an organization'),
  client_secrets_client_id_fkey: () => notFound('client'),
};

interface Thrown {
  readonly code?: string;
  readonly statusCode?: number;
  readonly constraint?: string;
  readonly message?: string;
}

/** What the wire is told of anything thrown behind this door. Detail and cause stay in the log. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isDatabaseUnavailable(error)) {
    const options = { retryAfterSeconds: UNAVAILABLE_SECONDS, cause: error };
    return new ProblemError('unavailable', 'The database does not answer. Try again.', options);
  }
  if (error instanceof IdentityError) return ofIdentity(error);
  if (error instanceof InvalidCursorError) {
    return invalidField('cursor', 'is not one that this list has given out', 'query');
  }
  const { code, statusCode = 500, constraint, message } = error as Thrown;
  const meaning = constraint === undefined ? undefined : CONSTRAINTS[constraint];
  if (meaning) return meaning();
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new ProblemError('payload_too_large', 'The body is larger than this API takes.');
  }
  if (statusCode === 415) {
    return new ProblemError('unsupported_media_type', 'Send the body as application/json.');
  }
  if (statusCode >= 400 && statusCode < 500) {
    return new ProblemError('malformed_request', `${message}`, { cause: error });
  }
  return new ProblemError('internal_error', 'The operator finds the cause by the request_id.', {
    cause: error,
  });
}

function ofIdentity(error: IdentityError): ProblemError {
  switch (error.code) {
    case 'user_not_found':
      return invalidField('user_id', 'is not the id of a user');
    case 'role_out_of_reach':
      return new ProblemError('forbidden', `${error.message}.`, { cause: error });
    case 'organization_not_found':
      return invalidField('organization_id', 'is not the id of an organization');
    default:
      return new ProblemError(error.code, `${error.message}.`, { cause: error });
  }
}
