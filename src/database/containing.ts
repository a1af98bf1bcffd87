/** The pattern for ILIKE of what has a text in it: a sign is a sign, no pattern. */
export const containing = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
