import type { UserTokens } from '../../platform/platform.ts';

export type FieldStyle = Extract<UserTokens, { enabled: true }>['fieldStyle'];

/** A field as it came: its text, nothing, or something that is no text. */
export type Field = string | undefined | { readonly unreadable: string };

/** The words of both endpoints in the platform's style; in the code they are in camelCase. */
export function createFields(style: FieldStyle) {
  const nameOf = (field: string) =>
    style === 'camelCase' ? field : field.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

  return {
    nameOf,

    /** What is absent, null or empty is left out; fields of other names are not looked at. */
    read(body: unknown, field: string): Field {
      const name = nameOf(field);
      const isObject = typeof body === 'object' && body !== null;
      const value = isObject && Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined;
      if (value === undefined || value === null || value === '') return undefined;
      return typeof value === 'string' ? value : { unreadable: name };
    },

    write: (fields: Readonly<Record<string, unknown>>) =>
      Object.fromEntries(Object.entries(fields).map(([field, value]) => [nameOf(field), value])),
  };
}
