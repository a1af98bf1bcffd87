import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { ROLES } from '../identity/identity.ts';
import type { Page } from '../lib/cursor.ts';

interface TypeBoxTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

/** Where resources register their routes; handlers get their types from the schemas. */
export type ManagementApi = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

interface Words {
  description?: string;
}

/** An object in which unknown members are errors. */
export function closed<const T extends TProperties>(
  properties: T,
  options: Words & { $id?: string; minProperties?: number } = {},
) {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

/** A reference to a schema that the OpenAPI document names, and that was given to `addSchema`. */
export function ref<T extends TSchema>(schema: T & { $id?: string }, words: Words = {}) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#`, ...words });
}

export const optional = Type.Optional;

/** One of a few words. */
export function choice<const T extends string>(options: readonly T[], words: Words = {}) {
  return Type.Unsafe<T>({ type: 'string', enum: [...options], ...words });
}

export function text(
  minLength: number,
  maxLength: number,
  words: Words & { format?: string; writeOnly?: boolean } = {},
) {
  return Type.String({ minLength, maxLength, ...words });
}

export function list<T extends TSchema>(items: T, maxItems: number, words: Words = {}) {
  return Type.Array(items, { maxItems, uniqueItems: true, ...words });
}

/** The same, or null. */
export function nullable<T extends TSchema>(schema: T, words: Words = {}) {
  const { type, enum: options } = schema as { type?: string; enum?: unknown[] };
  return Type.Unsafe<Static<T> | null>({
    ...schema,
    type: [type, 'null'],
    ...(options && { enum: [...options, null] }),
    ...words,
  });
}

export const role = (words: Words) => choice(ROLES, words);

/** As in a path or a query: what no identifier looks like names nothing, so it is no error of form. */
export const idOf = (what: string) => Type.String({ description: `The id of ${what}.` });

/** In the body of what is made for an organization. */
export const ownOrganization = Type.Optional(
  Type.String({
    description:
      "The id of the organization it is for. By default the caller's; the operator names one.",
  }),
);

export const timestamp = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} (RFC 3339).` });

export const nullableTimestamp = (description: string) => nullable(timestamp(description));

export const DEFAULT_PAGE_SIZE = 20;

/** The query parameters of a list, for {@link closed}. */
export const pageQuery = {
  limit: optional(
    Type.Integer({
      ...{ minimum: 1, maximum: 100, default: DEFAULT_PAGE_SIZE },
      description: 'How many items a page has at most.',
    }),
  ),
  cursor: optional(
    Type.String({ description: 'The `next_cursor` of the page before; absent for the first.' }),
  ),
};

/** A page of a list. */
export function pageOf<T extends TSchema>(item: T & { $id?: string }, description: string) {
  return closed(
    {
      data: Type.Array(ref(item)),
      next_cursor: nullable(Type.String(), {
        description: 'Give it as `cursor` to read on; null on the last page.',
      }),
    },
    { description },
  );
}

/** A page in the words of the wire. */
export function toPage<Item, Shown>(
  { items, nextCursor }: Page<Item>,
  show: (item: Item) => Shown,
): { data: Shown[]; next_cursor: string | null } {
  return { data: items.map(show), next_cursor: nextCursor };
}

/** A list that is short enough to be one page. */
export const whole = <Item>(items: readonly Item[]): Page<Item> => ({
  items: [...items],
  nextCursor: null,
});

export const deleted = (description: string) => Type.Null({ description });
