import type { AuditActor } from '../audit/audit.ts';
import { findPartyNames } from '../audit/party-names.store.ts';
import type { Database } from '../database/database.ts';
import type { MakerView } from '../pages/keys-models.ts';
import { accountPath } from './account-view.ts';
import { keyPath } from './key-path.ts';

/** Something of an organization's that remembers who made it. */
export interface Made {
  readonly organizationId: string;
  /** Null: it was made before that was kept. */
  readonly createdBy: { readonly kind: AuditActor['kind']; readonly id: string | null } | null;
}

/** The ids of whoever and whatever made the things. */
export const makersOf = (things: readonly Pick<Made, 'createdBy'>[]): string[] => [
  ...new Set(things.flatMap(({ createdBy }) => createdBy?.id ?? [])),
];

/** Who made a thing, in words and with a way there. @param names by id; who is gone has none */
export function toMaker(
  { createdBy, organizationId }: Made,
  names: ReadonlyMap<string, string>,
): MakerView {
  if (createdBy === null) return { kind: 'unknown' };
  const id = createdBy.id ?? '';
  const name = names.get(id);
  switch (createdBy.kind) {
    case 'user':
      return name === undefined ? { kind: 'somebody' } : { kind: 'person', name };
    case 'admin':
    case 'system':
      return { kind: 'operator' };
    case 'api_key':
      if (name === undefined) return { kind: 'credential', id };
      return { kind: 'key', id, name, href: keyPath({ id, organizationId }) };
    case 'service_account':
      if (name === undefined) return { kind: 'credential', id };
      return { kind: 'account', id, name, href: accountPath({ id, organizationId }) };
    case 'client':
      return name === undefined ? { kind: 'credential', id } : { kind: 'app', id, name };
  }
}

/** Who made a thing, for its own page. */
export async function findMaker({ pool }: Pick<Database, 'pool'>, thing: Made): Promise<MakerView> {
  return toMaker(thing, await findPartyNames(pool, thing.organizationId, makersOf([thing])));
}
