import { type Static, Type } from 'typebox';
import type { AuditActor } from '../audit/audit.ts';
import * as s from './schemas.ts';

/** The kinds of actor in the audit log. */
const MAKERS = ['user', 'client', 'api_key', 'service_account', 'admin', 'system'] as const;

const WORDS = 'Who or what made it. One that has been deleted since is still named by its id.';

/** Who or what made a thing, as it is shown. */
export const CreatedBy = s.closed(
  {
    kind: s.choice(MAKERS, {
      description: '`admin` is the operator, `system` Gatehouse by itself.',
    }),
    id: s.nullable(Type.String(), { description: 'Null where the kind says it all.' }),
  },
  { description: WORDS },
);

/** Of what was made before that was kept, too. */
export const MaybeCreatedBy = s.nullable(CreatedBy, {
  description: `${WORDS} Null: it was made before that was kept.`,
});

/** The query parameter that narrows a list of `things` to what somebody made. */
export const createdByQuery = (things: string) =>
  s.optional(s.idOf(`a user, API key, client or service account: only the ${things} that it made`));

export const toCreatedBy = ({
  kind,
  id,
}: {
  readonly kind: AuditActor['kind'];
  readonly id: string | null;
}): Static<typeof CreatedBy> => ({ kind, id });
