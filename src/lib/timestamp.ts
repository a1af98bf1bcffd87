const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * A point in time as programs write it; undefined for anything else, a date that no calendar has included,
 * and one that lies outside the years 0 to 9999 in UTC, which could not be written so again.
 *
 * @see RFC 3339 §5.6
 */
export function readTimestamp(text: string): Date | undefined {
  const [, year, month, day] = TIMESTAMP.exec(text) ?? [];
  if (day === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) {
    return undefined;
  }
  // A leap second is the last moment that Date has a name for.
  const read = new Date(text.toUpperCase().replace(/:60(?=[.Z+-])/, ':59'));
  const utcYear = read.getUTCFullYear();
  return utcYear >= 0 && utcYear <= 9999 ? read : undefined;
}
