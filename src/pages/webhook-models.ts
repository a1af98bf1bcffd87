import type { OwnEventName } from '../webhooks/events.ts';
import type { AttemptError, DeliveryStatus, SubscriptionStatus } from '../webhooks/webhook.ts';
import type { Frame } from './dashboard-models.ts';
import type { PlatformText } from './platform-text.ts';
import type { GuardedForm } from './view-models.ts';

// The pages about webhooks: where an organization hears of events, and what became of each.

/** Deliveries to one receiver that were given up. */
export interface GivenUpView {
  host: string;
  href: string;
  count: number;
  /** There may be more of them than were counted. */
  isMore: boolean;
  /** Of the last one. */
  date: Date;
}

export interface WebhookRow {
  /** The receiver's. */
  host: string;
  /** Whole for whoever may change it: its path may hold a secret. */
  url: string;
  href: string;
  status: SubscriptionStatus;
  /** The first failure after the last success. */
  failing?: Date;
  /** Whether it is for every event; `events` is empty then. */
  all: boolean;
  events: readonly string[];
}

export interface WebhooksPage {
  frame: Frame;
  webhooks: readonly WebhookRow[];
  /** Absent for whoever may only look. */
  newUrl?: string;
}

/** At most one a field; `form`: the organization has as many webhooks as it may have. */
export type WebhookFormError =
  | { field: 'url' | 'events'; error: 'url' | 'events' }
  /** The service's own words, which go on after "The URL". */
  | { field: 'url'; error: 'url_refused'; detail: string }
  | { field: 'form'; error: 'too_many'; most: number };

/** Fields posted: `_csrf` `form` `url` `which` (`all` or `some`) `event` (each that is ticked). */
export interface WebhookFormPage extends GuardedForm {
  frame: Frame;
  /** Of a new webhook: the token that lets the form be sent once. Absent: it is there already. */
  token?: string;
  /** The receiver's host as it is; absent for a new one. */
  host?: string;
  url: string;
  which: { all: boolean; some: boolean };
  /** Of the platform, in its own words. */
  platformEvents: readonly { name: string; description: PlatformText; chosen: boolean }[];
  /** Gatehouse's own: the words are `hook_form.event.<name>`, with `_` for the dot. */
  ownEvents: readonly { event: OwnEventName; chosen: boolean }[];
  errors: readonly WebhookFormError[];
  cancelUrl: string;
}

/** The one page that shows a secret. */
export interface WebhookSecretPage {
  frame: Frame;
  outcome: 'created' | 'rotated';
  host: string;
  secret: string;
  /** Carries the signature. */
  header: string;
  docsUrl: string;
  webhookUrl: string;
  /** Until then the secret before signs, too. */
  oldUntil?: Date;
}

export interface DeliveryRow {
  href: string;
  /** The event's name. */
  type: string;
  status: DeliveryStatus;
  /** How many were begun. */
  attempts: number;
  created: Date;
  /** When it is due again. */
  next?: Date;
}

export interface WebhookPage {
  frame: Frame;
  listUrl: string;
  webhook: WebhookRow & { since: Date };
  deliveries: readonly DeliveryRow[];
  /** The newest, where these are older ones. */
  firstUrl?: string;
  nextUrl?: string;
  /** Absent for whoever may only look. */
  manage?: {
    editUrl: string;
    deleteUrl: string;
    /** Absent unless it is active. */
    test?: GuardedForm;
    /** Holds events back, or lets them go. */
    toggle: GuardedForm;
    /** Fields posted: `form` `overlap`. */
    rotate: GuardedForm & { token: string };
    overlaps: readonly { seconds: number; kind: 'none' | 'hour' | 'day' | 'week' }[];
  };
  /** `inactive`: a test was wanted of one that is paused or disabled. */
  error?: 'overlap' | 'inactive';
}

export interface WebhookDeletePage extends GuardedForm {
  frame: Frame;
  host: string;
  cancelUrl: string;
}

/** One request to the receiver. */
export interface AttemptMade {
  number: number;
  started: Date;
  /** `open`: under way, or its process ended first. */
  outcome: 'taken' | 'open' | AttemptError;
  /** Milliseconds. */
  took?: number;
  /** The HTTP status. */
  answered?: number;
  /** How the answer began; only for whoever may change the webhook. */
  answer?: string;
}

export interface DeliveryPage {
  frame: Frame;
  webhook: { host: string; href: string };
  delivery: DeliveryRow & { eventId: string };
  /** What is sent, byte for byte. */
  body: string;
  /** The last one first. */
  made: readonly AttemptMade[];
  /** Absent for whoever may only look, before the first attempt, and unless the webhook is active. */
  redeliver?: GuardedForm;
  /** It can't be sent again before the webhook is resumed; `refused`: that was wanted just now. */
  inactive?: 'told' | 'refused';
}

/** Template name → its model. */
export interface WebhookPages {
  'dashboard/webhooks/list': WebhooksPage;
  'dashboard/webhooks/form': WebhookFormPage;
  'dashboard/webhooks/secret': WebhookSecretPage;
  'dashboard/webhooks/detail': WebhookPage;
  'dashboard/webhooks/delete': WebhookDeletePage;
  'dashboard/webhooks/delivery': DeliveryPage;
}
