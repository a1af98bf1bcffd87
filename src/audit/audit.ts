/** Everything the audit log can say. A type is never renamed: operators search for it. */
export const AUDIT_EVENT_TYPES = [
  'user.created',
  'user.updated',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'password.changed',
  'passkey.created',
  'passkey.renamed',
  'passkey.deleted',
  'second_factor.enabled',
  'second_factor.disabled',
  'recovery_codes.created',
  'recovery_code.used',
  'session.ended',
  'sign_in.password_accepted',
  'sign_in.succeeded',
  'sign_in.failed',
  'sign_in.throttled',
  'signed_out',
  'sign_up.throttled',
  'throttle.cleared',
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'membership.created',
  'membership.updated',
  'membership.deleted',
  'invitation.created',
  'invitation.renewed',
  'invitation.revoked',
  'invitation.accepted',
  'client.created',
  'client.updated',
  'client.deleted',
  'client.secret_rotated',
  'api_key.created',
  'api_key.updated',
  'api_key.rotated',
  'api_key.disabled',
  'api_key.deleted',
  'api_key.leaked',
  'service_account.created',
  'service_account.updated',
  'service_account.disabled',
  'service_account.deleted',
  'consent.granted',
  'consent.refused',
  'consent.revoked',
  'grant.revoked',
  'token.revoked',
  'code.replayed',
  'refresh_token.replayed',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.secret_rotated',
  'webhook.delivery_failed',
  'webhook.disabled',
  'signing_key.rotated',
] as const;

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

export function isAuditEventType(text: string): text is AuditEventType {
  return (AUDIT_EVENT_TYPES as readonly string[]).includes(text);
}

export type AuditValue =
  | string
  | number
  | boolean
  | null
  | AuditValue[]
  | { [name: string]: AuditValue };

export interface AuditActor {
  /** admin: whoever holds ADMIN_KEY; system: Gatehouse by itself, or somebody not yet known. */
  kind: 'user' | 'client' | 'api_key' | 'service_account' | 'admin' | 'system';
  id?: string | undefined;
}

/** Who is acting, from where: what every write takes along so that its event can say so. */
export interface AuditContext {
  actor: AuditActor;
  /** The IP address of the caller. */
  address?: string | undefined;
  requestId?: string | undefined;
}

export interface AuditEvent extends AuditContext {
  type: AuditEventType;
  /** Whose log it belongs to; without one only the operator sees it. */
  organizationId?: string | undefined;
  /** What was acted upon, e.g. `{ kind: 'client', id }`. */
  target?: { kind: string; id: string } | undefined;
  /** Never a secret, see `auditDetails`. */
  details?: Record<string, AuditValue> | undefined;
  /** By default the database's time of the transaction. */
  occurredAt?: Date | undefined;
}

/** An event as it was written. */
export interface RecordedAuditEvent extends AuditEvent {
  /** Grows with time. */
  id: string;
  occurredAt: Date;
  details: Record<string, AuditValue>;
}

/** The last word of a name that promises a secret: `client_secret`, but not `secret_hint` or `keyId`. */
const SECRET_WORD =
  /^(?:password|passphrase|passwd|secret|token|key|code|cookie|authorization|credential|assertion|verifier|signature|hash|jwt)s?$/;

const MAX_TEXT_LENGTH = 512;

/**
 * The details as they may be stored: text is cut to 512 characters and freed of what jsonb refuses (NUL,
 * lone surrogates), so that a caller's odd input can't undo the change being audited.
 *
 * @throws TypeError for a name that promises a secret: a mistake in our code, which a test meets first
 */
export function auditDetails(details: Record<string, AuditValue>): Record<string, AuditValue> {
  return cleanObject(details);
}

/** Text as Postgres can store it, at most 512 characters. */
export function auditText(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH).replaceAll('\0', '\uFFFD').toWellFormed();
}

function cleanObject(details: Record<string, AuditValue>): Record<string, AuditValue> {
  const entries = Object.entries(details).map(([name, value]): [string, AuditValue] => {
    const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
    const last = words.split(/[^a-z0-9]+/).findLast((word) => word !== '') ?? '';
    if (SECRET_WORD.test(last)) {
      throw new TypeError(`An audit event must not hold a secret, and "${name}" promises one`);
    }
    return [auditText(name), cleanValue(value)];
  });
  return Object.fromEntries(entries);
}

function cleanValue(value: AuditValue): AuditValue {
  if (typeof value === 'string') return auditText(value);
  if (Array.isArray(value)) return value.map(cleanValue);
  return value !== null && typeof value === 'object' ? cleanObject(value) : value;
}
