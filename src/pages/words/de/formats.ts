/** Dates and figures, the German way. In UTC: where the reader is, the server doesn't know. */

export const day = new Intl.DateTimeFormat('de', { dateStyle: 'medium', timeZone: 'UTC' });
export const longDay = new Intl.DateTimeFormat('de', { dateStyle: 'long', timeZone: 'UTC' });
export const moment = new Intl.DateTimeFormat('de', {
  ...{ dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' },
});
export const longMoment = new Intl.DateTimeFormat('de', {
  ...{ dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' },
});
export const figure = new Intl.NumberFormat('de');

type Unit = 'day' | 'hour' | 'minute' | 'second';

/** 1 → "1 Stunde", 30 → "30 Sekunden" */
export function amount(count: number, unit: Unit): string {
  return new Intl.NumberFormat('de', { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

const later = new Intl.RelativeTimeFormat('de', { numeric: 'always' });

/** "in 3 Minuten", "in 2 Stunden": rounded up, so that it is never too early. */
export function inTime(seconds: number): string {
  if (seconds <= 5) return 'in ein paar Sekunden';
  if (seconds < 60) return later.format(Math.ceil(seconds / 5) * 5, 'second');
  const minutes = Math.ceil(seconds / 60);
  if (minutes === 1) return 'in einer Minute';
  if (minutes < 60) return later.format(minutes, 'minute');
  const hours = Math.ceil(minutes / 60);
  return hours === 1 ? 'in einer Stunde' : later.format(hours, 'hour');
}

/** In full minutes, one at the least. */
export const inMinutes = ({ waitSeconds = 60 }: { waitSeconds?: number }) =>
  inTime(Math.max(60, waitSeconds));

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** 3600 → "1 Stunde", 90 → "90 Sekunden" */
export function duration(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds % size === 0) ?? [1, 'second'];
  return amount(seconds / size, unit);
}

/** 3600 → "pro Stunde", 2592000 → "pro 30 Tage" */
export function per(seconds: number | null): string {
  return seconds === null ? 'insgesamt' : `pro ${duration(seconds).replace(/^1\s/, '')}`;
}
