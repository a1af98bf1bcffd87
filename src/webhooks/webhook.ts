/** Where an organization hears of events. Its secrets are known to the receiver and, encrypted, to us. */
export interface Subscription {
  readonly id: string;
  readonly organizationId: string;
  readonly url: string;
  /** Names, or `*`. Never empty. */
  readonly events: readonly string[];
  /** `paused`: events wait. `disabled`: after days of failure; events that happen meanwhile are not sent. */
  readonly status: SubscriptionStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly succeededAt: Date | null;
  /** The first failure after the last success. */
  readonly failingSince: Date | null;
}

export const SUBSCRIPTION_STATUSES = ['active', 'paused', 'disabled'] as const;

export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** One event for one subscription. */
export interface Delivery {
  readonly id: string;
  readonly subscriptionId: string;
  /** The same at every attempt, and at every subscription: by it a receiver tells what it has had. */
  readonly eventId: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  /** Begun so far. */
  readonly attempts: number;
  readonly createdAt: Date;
  /** Null unless it is pending. */
  readonly nextAttemptAt: Date | null;
  readonly finishedAt: Date | null;
}

export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead'] as const;

/** `dead`: given up after a day of attempts. */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** A delivery with what was sent and how it went. */
export interface DeliveryRecord extends Delivery {
  /** As sent. */
  readonly body: string;
  readonly made: readonly Attempt[];
}

/** One request to a receiver. */
export interface Attempt extends Partial<Reception> {
  readonly number: number;
  readonly startedAt: Date;
}

/** What became of an attempt. */
export interface Reception {
  readonly durationMs: number;
  /** Null: there was no answer. */
  readonly status: number | null;
  /** How the answer began. */
  readonly body: string | null;
  /** Null: it was taken. */
  readonly error: AttemptError | null;
}

export const ATTEMPT_ERRORS = [
  'http_status',
  'redirect',
  'timeout',
  'forbidden_target',
  'unknown_host',
  'connection_refused',
  'tls',
  'connection_failed',
  'interrupted',
] as const;

export type AttemptError = (typeof ATTEMPT_ERRORS)[number];

/** The id that no other attempt has. */
export const attemptIdOf = (deliveryId: string, number: number) => `${deliveryId}.${number}`;
