import { type AuditActor, type AuditEventType, isAuditEventType } from '../audit/audit.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { readTimestamp } from '../lib/timestamp.ts';

const DAY_MS = 86_400_000;
const ACTOR_KINDS: readonly AuditActor['kind'][] = [
  ...(['user', 'api_key', 'service_account', 'client', 'admin', 'system'] as const),
];

/** What of the log is wanted, as the form says it. */
export interface ChosenEvents {
  readonly type?: AuditEventType;
  readonly actor?: AuditActor;
  /** As typed. */
  readonly fromDay: string;
  readonly toDay: string;
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly until?: Date;
  /** A day is none, or the first is after the last. */
  readonly wrongDates: boolean;
}

/** What a choice can't be is as if nothing had been chosen; only days are typed, and can be wrong. */
export function readChosenEvents(query: unknown): ChosenEvents {
  const { type, actor, from: fromDay, to: toDay } = texts(query);
  const from = startOf(fromDay);
  const to = startOf(toDay);
  const chosenActor = readActor(actor);
  const isUnread = (typed: string, day: Date | undefined) => typed !== '' && !day;
  return {
    ...(isAuditEventType(type) ? { type } : {}),
    ...(chosenActor ? { actor: chosenActor } : {}),
    ...{ fromDay, toDay },
    ...(from ? { from } : {}),
    ...(to ? { until: new Date(to.getTime() + DAY_MS) } : {}),
    wrongDates: isUnread(fromDay, from) || isUnread(toDay, to) || (!!from && !!to && from > to),
  };
}

/** For a link to the same choice. */
export function chosenQuery({ type, actor, fromDay, toDay }: ChosenEvents): URLSearchParams {
  const chosen = { type, actor: actor && actorText(actor), from: fromDay, to: toDay };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(chosen)) if (value) query.set(name, value);
  return query;
}

export const actorText = ({ kind, id = '' }: AuditActor): string => `${kind}:${id}`;

function readActor(text: string): AuditActor | undefined {
  const [kindText = '', id = ''] = text.split(':');
  const kind = ACTOR_KINDS.find((each) => each === kindText);
  if (!kind || (id !== '' && !looksLikeId(id))) return undefined;
  return id === '' ? { kind } : { kind, id };
}

function texts(query: unknown): Record<'type' | 'actor' | 'from' | 'to', string> {
  const sent = query as Record<string, unknown>;
  const text = (name: string) => (typeof sent[name] === 'string' ? sent[name].slice(0, 200) : '');
  return { type: text('type'), actor: text('actor'), from: text('from'), to: text('to') };
}

/** The start of a day in UTC. */
const startOf = (day: string): Date | undefined => readTimestamp(`${day}T00:00:00Z`);
