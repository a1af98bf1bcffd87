const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Whether a text could be the identifier of a stored thing. Stores ask before they query: whatever else a
 * caller puts in a path (a NUL byte, a megabyte) names nothing, and Postgres would answer it with an error.
 */
export function looksLikeId(text: string): boolean {
  return IDENTIFIER.test(text);
}
