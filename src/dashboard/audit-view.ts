import {
  AUDIT_EVENT_TYPES,
  type AuditActor,
  type AuditEventType,
  type AuditValue,
  type RecordedAuditEvent,
} from '../audit/audit.ts';
import type { Member } from '../identity/members.store.ts';
import type { AuditPage, AuditParty, AuditRow } from '../pages/organization-models.ts';
import { actorText, type ChosenEvents } from './audit-filter.ts';

/** Kinds that have words of their own. */
const PARTIES = [
  ...['user', 'client', 'api_key', 'service_account', 'admin', 'system'],
  ...['organization', 'invitation', 'grant', 'access_token'],
];

type Names = ReadonlyMap<string, string>;

/** Everybody and everything that some events name. */
export function partiesOf(events: readonly RecordedAuditEvent[]): string[] {
  return [
    ...new Set(events.flatMap(({ actor, target }) => [actor.id ?? [], target?.id ?? []].flat())),
  ];
}

export function auditRow(event: RecordedAuditEvent, url: string, names: Names): AuditRow {
  const { id, type, actor, target, address, details } = event;
  return {
    ...{ id, type, when: event.occurredAt, event: eventName(type) },
    actor: party(actor, names),
    actorUrl: `${url}?actor=${encodeURIComponent(actorText(actor))}`,
    // Who did something to themselves is named once.
    ...(target && target.id !== actor.id ? { target: party(target, names) } : {}),
    ...(address ? { address } : {}),
    details: Object.entries(details).map(([name, value]) => ({ name, value: inWords(value) })),
  };
}

/** The name in the catalogue of words. */
const eventName = (type: AuditEventType): string => type.replace('.', '_');

function party({ kind, id }: { kind: string; id?: string | undefined }, names: Names): AuditParty {
  const name = id && names.get(id);
  return {
    kind: PARTIES.includes(kind) ? kind : 'other',
    ...(name ? { name } : {}),
    ...(id ? { id } : {}),
  };
}

function inWords(value: AuditValue): string {
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const GROUPS: Record<string, RegExp> = {
  organization: /^(organization|membership|invitation)\./,
  credentials: /^(api_key|service_account|webhook)\./,
  apps: /^(client|consent|grant|token|code|refresh_token)\./,
  people: /^/,
};

/** The choices of the form. */
export function auditChoices(
  chosen: ChosenEvents,
  members: readonly Member[],
  names: Names,
): Pick<AuditPage, 'groups' | 'actors' | 'from' | 'to' | 'filtered'> {
  const groupOf = (type: string) => Object.entries(GROUPS).find(([, of]) => of.test(type))![0];
  const grouped = Map.groupBy(AUDIT_EVENT_TYPES, groupOf);
  return {
    groups: Object.keys(GROUPS).map((kind) => ({
      kind,
      types: (grouped.get(kind) ?? []).map((type) => ({
        ...{ type, event: eventName(type), chosen: type === chosen.type },
      })),
    })),
    actors: actorsOf(chosen.actor, members, names),
    // A field for dates can't show what is none.
    from: chosen.from ? chosen.fromDay : '',
    to: chosen.until ? chosen.toDay : '',
    filtered: !!(chosen.type || chosen.actor || chosen.fromDay || chosen.toDay),
  };
}

/** Members, and whoever else was chosen. */
function actorsOf(
  chosen: AuditActor | undefined,
  members: readonly Member[],
  names: Names,
): AuditPage['actors'] {
  const value = chosen && actorText(chosen);
  const people = members.map(({ userId, name }) => {
    const actor = { kind: 'user', id: userId, name } as const;
    return { ...actor, value: actorText(actor), chosen: actorText(actor) === value };
  });
  if (!chosen || people.some((one) => one.chosen)) return people;
  return [...people, { ...party(chosen, names), value: actorText(chosen), chosen: true }];
}
