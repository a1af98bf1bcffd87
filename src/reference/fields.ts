import { parseText } from '../docs/inline.ts';
import type { SayKnown } from '../docs/say.ts';
import type { FieldView } from '../pages/docs-models.ts';
import type { Parameter, Schema } from './api-description.ts';

/** How deep objects within objects are shown. */
const DEEPEST = 4;

export const schemaId = (name: string) => `schema-${name}`;

/** `#/components/schemas/ApiKey` → `ApiKey`. */
export const nameOfRef = (ref: string): string => ref.replace(/#$/, '').split('/').at(-1) ?? ref;

/** The fields of an object, each with what it is and what holds of it. */
export function fieldsOf(t: SayKnown, schema: Schema | undefined, depth = 0): FieldView[] {
  if (!schema || depth > DEEPEST) return [];
  const { properties = {}, required = [], anyOf = [] } = schema;
  const own = Object.entries(properties).map(([name, inner]) =>
    fieldOf(t, name, inner, required.includes(name), depth),
  );
  return [...own, ...anyOf.flatMap((one) => fieldsOf(t, one, depth))];
}

function fieldOf(
  t: SayKnown,
  name: string,
  schema: Schema,
  required: boolean,
  depth: number,
): FieldView {
  const { type, ref } = typeOf(t, schema);
  const inner = schema.items ?? schema;
  return {
    ...{ name, type, required },
    ...(ref ? { schema: schemaId(ref) } : {}),
    runs: parseText(schema.description ?? ''),
    rules: rulesOf(t, schema),
    fields: ref ? [] : fieldsOf(t, inner, depth + 1),
  };
}

export function parameterOf(t: SayKnown, parameter: Parameter): FieldView {
  const { name, required = false, schema = {}, description } = parameter;
  const field = fieldOf(t, name, schema, required, 0);
  return {
    ...field,
    where: parameter.in,
    runs: parseText(description ?? schema.description ?? ''),
  };
}

/** The type in words, and the schema it names if it names one. */
function typeOf(t: SayKnown, schema: Schema): { type: string; ref?: string } {
  if (schema.$ref) {
    const ref = nameOfRef(schema.$ref);
    return { type: ref, ref };
  }
  if (schema.items) {
    const item = typeOf(t, schema.items);
    const type = t('reference.list_of', { type: item.type });
    return item.ref ? { type, ref: item.ref } : { type };
  }
  if (schema.anyOf) {
    const types = schema.anyOf.map((one) => typeOf(t, one).type);
    return { type: [...new Set(types)].join(` ${t('reference.or')} `) };
  }
  const types = [schema.type ?? t('reference.any')].flat();
  return { type: types.join(` ${t('reference.or')} `) };
}

function rulesOf(t: SayKnown, schema: Schema): string[] {
  const { format, default: fallback, minimum, maximum, minLength, maxLength, maxItems } = schema;
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  return [
    ...(values ? [t('reference.one_of', { values: values.map(String) })] : []),
    ...(format ? [format] : []),
    ...(minimum !== undefined || maximum !== undefined ? [range(t, minimum, maximum)] : []),
    ...(minLength !== undefined || maxLength !== undefined
      ? [t('reference.characters', { range: range(t, minLength, maxLength) })]
      : []),
    ...(maxItems === undefined ? [] : [t('reference.items', { most: maxItems })]),
    ...(fallback === undefined
      ? []
      : [t('reference.default', { value: JSON.stringify(fallback) })]),
  ];
}

function range(t: SayKnown, least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return t('reference.between', { least, most });
  return most === undefined
    ? t('reference.at_least', { least: least ?? 0 })
    : t('reference.at_most', { most });
}
