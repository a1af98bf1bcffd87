/**
 * Where somebody wants to come back to, as a path of this server; `/` for all that leads elsewhere, or that
 * a browser could read so. `//host` and `/\host` name another host, and so does `/..//host` once its dots
 * are gone.
 *
 * @param wanted as it came; anything but a text is nothing
 */
export function ownPathOf(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return '/';
  const here = 'http://here.invalid';
  const url = URL.parse(wanted, here);
  if (url?.origin !== here || url.pathname.startsWith('//')) return '/';
  return url.pathname + url.search;
}
