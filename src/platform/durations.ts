const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `5m`, `1h`, `30d` → whole seconds. The schema has checked the form. */
export function durationSeconds(duration: string): number {
  const unit = duration.at(-1) as keyof typeof SECONDS;
  return Number(duration.slice(0, -1)) * SECONDS[unit];
}

/** As `durationSeconds`; `lifetime` is null. */
export function windowSeconds(window: string): number | null {
  return window === 'lifetime' ? null : durationSeconds(window);
}

/** Longest window of a rate, in seconds; anything longer is a quota (design decision 7). */
const LONGEST_RATE_WINDOW = 3600;

/** What a named limit of that window is. @param seconds null: for life */
export const limitKind = (seconds: number | null): 'rate' | 'quota' =>
  seconds !== null && seconds <= LONGEST_RATE_WINDOW ? 'rate' : 'quota';
