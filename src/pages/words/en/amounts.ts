const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** 3600 → "1 hour", 90 → "90 seconds". */
export function duration(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds % size === 0) ?? [1, 'second'];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** 3600 → "per hour", 2592000 → "per 30 days". */
export function per(seconds: number | null): string {
  if (seconds === null) return 'for life';
  return `per ${duration(seconds).replace(/^1 /, '')}`;
}

/** "a, b, and c" */
export function list(items: readonly string[], word = 'and'): string {
  if (items.length < 2) return items.join('');
  const comma = items.length > 2 ? ',' : '';
  return `${items.slice(0, -1).join(', ')}${comma} ${word} ${items.at(-1)}`;
}
