/** What is known of a failure. */
export interface FailureDetails {
  /** Gatehouse's own name for it, the same on every platform; `unknown` where the answer tells nothing. */
  reason?: string | null;
  /** Of HTTP; null: there was no answer. */
  status?: number | null;
  /** The platform's name for it. */
  code?: string | null;
  /** For the operator, who finds the request in the log by it. */
  requestId?: string | null;
  /** Seconds after which it is worth trying again; null: waiting is not said to help. */
  retryAfter?: number | null;
  cause?: unknown;
}

/** Everything this client throws. No text or field of it holds a credential. */
export class GatehouseError extends Error {
  readonly reason: string | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly requestId: string | null;
  readonly retryAfter: number | null;

  constructor(message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatehouseError';
    this.reason = details.reason ?? null;
    this.status = details.status ?? null;
    this.code = details.code ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfter = details.retryAfter ?? null;
  }
}

/** The client was put together wrongly: nothing was sent. The message says how to mend it. */
export class ConfigurationError extends GatehouseError {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
  }
}

/** 401: the credential is missing, wrong, expired or revoked. */
export class AuthenticationError extends GatehouseError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'AuthenticationError';
  }
}

/** 403: the credential is good, but not for this. */
export class ForbiddenError extends GatehouseError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'ForbiddenError';
  }
}

/** 403: the organization's plan does not include this. */
export class NotEntitledError extends ForbiddenError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'NotEntitledError';
  }
}

/** 429: a rate or a quota is used up; `retryAfter` says for how long, where waiting helps. */
export class RateLimitError extends GatehouseError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'RateLimitError';
  }
}

/** 5xx: the fault is not the caller's. */
export class ServerError extends GatehouseError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'ServerError';
  }
}

/** There was no answer: no connection, or one that broke. */
export class ConnectionError extends GatehouseError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'ConnectionError';
  }
}

/** There was no answer in time. */
export class TimeoutError extends ConnectionError {
  constructor(message: string, details?: FailureDetails) {
    super(message, details);
    this.name = 'TimeoutError';
  }
}

/** Why a delivery was not taken. */
export type WebhookRefusal =
  | 'missing_signature'
  | 'malformed_signature'
  | 'timestamp_out_of_tolerance'
  | 'signature_mismatch';

/** A webhook delivery that is not from the platform, not what it sent, or not of now. */
export class WebhookVerificationError extends GatehouseError {
  declare readonly reason: WebhookRefusal;

  constructor(reason: WebhookRefusal, message: string) {
    super(message, { reason });
    this.name = 'WebhookVerificationError';
  }
}
