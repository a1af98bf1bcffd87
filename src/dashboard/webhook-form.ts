import { platformText } from '../pages/platform-text.ts';
import type { WebhookFormError } from '../pages/webhook-models.ts';
import type { Platform } from '../platform/platform.ts';
import { ALL_EVENTS, eventsOf, isOwnEvent, OWN_EVENTS } from '../webhooks/events.ts';
import type { SubscriptionProblem } from '../webhooks/subscriptions.service.ts';

/** What was typed into the form of a webhook, or what it begins with. */
export interface TypedWebhook {
  readonly url: string;
  /** `all` or `some`. */
  readonly which: string;
  /** Counts with `some`. */
  readonly events: readonly string[];
}

export const UNTOUCHED: TypedWebhook = { url: '', which: 'all', events: [] };

/** The form as it begins for a webhook that is there. */
export function typedFrom({ url, events }: { url: string; events: readonly string[] }) {
  const all = events.includes(ALL_EVENTS);
  return { url, which: all ? 'all' : 'some', events: all ? [] : events };
}

/** A field that is missing, or came twice, is empty. */
export function typedInto(body: unknown): TypedWebhook {
  const form = (body ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof form[name] === 'string' ? form[name].trim() : '');
  const events = [form.event ?? []].flat().filter((one) => typeof one === 'string');
  return { url: text('url'), which: text('which'), events: [...new Set(events)] };
}

/** What the form asks for, as far as it can be read. */
export function askedFor({
  url,
  which,
  events,
}: TypedWebhook): { url: string; events: readonly string[] } | { errors: WebhookFormError[] } {
  const chosen = which === 'all' ? [ALL_EVENTS] : which === 'some' ? events : [];
  const errors: WebhookFormError[] = [
    ...(url === '' || /\p{Cc}/u.test(url) ? [URL_ERROR] : []),
    ...(chosen.length === 0 ? [EVENTS_ERROR] : []),
  ];
  return errors.length > 0 ? { errors } : { url, events: chosen };
}

/** What the rules of webhooks found, beside the field it is about. */
export const errorsOf = (problems: readonly SubscriptionProblem[]): WebhookFormError[] =>
  problems.map(({ field, message }) =>
    field === 'url' ? { field, error: 'url_refused', detail: message } : EVENTS_ERROR,
  );

/** The fields of the page. */
export function formFields(platform: Platform, { url, which, events }: TypedWebhook) {
  return {
    url,
    which: { all: which === 'all', some: which === 'some' },
    platformEvents: eventsOf(platform)
      .filter(({ name }) => !isOwnEvent(name))
      .map((event) => ({
        ...{ name: event.name, description: platformText(platform, event, 'description') },
        chosen: events.includes(event.name),
      })),
    ownEvents: OWN_EVENTS.map(({ name }) => ({ event: name, chosen: events.includes(name) })),
  };
}

const URL_ERROR = { field: 'url', error: 'url' } as const satisfies WebhookFormError;
const EVENTS_ERROR = { field: 'events', error: 'events' } as const satisfies WebhookFormError;
