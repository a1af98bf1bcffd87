import type { AuditEvent, AuditEventType, AuditValue } from '../audit/audit.ts';
import type { Platform, WebhookEvent } from '../platform/platform.ts';

/** What happens in Gatehouse itself and may be subscribed to, beside the events of the platform file. */
export const OWN_EVENTS = [
  { name: 'api_key.created', description: 'An API key was made.' },
  { name: 'api_key.rotated', description: 'An API key was given a new secret.' },
  { name: 'api_key.revoked', description: 'An API key was revoked for good.' },
  { name: 'api_key.leaked', description: 'An API key was found in public, and revoked.' },
  { name: 'consent.granted', description: 'A user allowed an app to act for the organization.' },
  { name: 'consent.revoked', description: 'A user took that back.' },
  { name: 'quota.warning', description: '80 % of a quota is used.' },
  { name: 'quota.exhausted', description: 'All of a quota is used.' },
  { name: 'member.joined', description: 'Somebody became a member of the organization.' },
] as const satisfies readonly WebhookEvent[];

export type OwnEventName = (typeof OWN_EVENTS)[number]['name'];

/** Every event, of whichever name. */
export const ALL_EVENTS = '*';

/** What a receiver is tried out with; it comes whatever the subscription is for. */
export const TEST_EVENT = 'webhook.test';

/** Something that happened: what a receiver is told of it. */
export interface EventContent {
  readonly type: string;
  readonly data: { readonly [name: string]: unknown };
}

/** What the log records of these is what receivers hear. */
const AUDITED: Partial<Record<AuditEventType, OwnEventName>> = {
  'api_key.created': 'api_key.created',
  'api_key.rotated': 'api_key.rotated',
  'api_key.deleted': 'api_key.revoked',
  'api_key.leaked': 'api_key.leaked',
  'consent.granted': 'consent.granted',
  'consent.revoked': 'consent.revoked',
  'membership.created': 'member.joined',
};

/** The webhook event that an event of the log is; undefined: none, or nobody's. */
export function webhookEventOf(
  event: AuditEvent,
): (EventContent & { data: Record<string, AuditValue> }) | undefined {
  const type = AUDITED[event.type];
  if (type === undefined || event.organizationId === undefined) return undefined;
  const { actor, target, details = {} } = event;
  const data: Record<string, AuditValue> = {
    organization_id: event.organizationId,
    ...(target && { [`${target.kind}_id`]: target.id }),
    ...details,
    actor: { kind: actor.kind, id: actor.id ?? null },
  };
  return { type, data };
}

/** Everything that can be subscribed to: Gatehouse's own and the platform's. */
export function eventsOf({ webhooks }: Pick<Platform, 'webhooks'>): readonly WebhookEvent[] {
  return [...OWN_EVENTS, ...webhooks.events.filter(({ name }) => !isOwnEvent(name))];
}

/** Whether Gatehouse alone says when it happens: nobody may publish it. */
export const isOwnEvent = (name: string): boolean =>
  name === TEST_EVENT || OWN_EVENTS.some((own) => own.name === name);
