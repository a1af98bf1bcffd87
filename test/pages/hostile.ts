/** What a stranger might call himself. */
export const HOSTILE = '"><script>alert(1)</script>';

/** Strings that choose something, so that another value would be another page. */
const CHOICES = new Set([
  'kind',
  'error',
  'access',
  'outcome',
  'charset',
  'role',
  'identity',
  'errors',
  'status',
  'per',
  'event',
  'field',
  'language',
  'reason',
]);

/** The model of a page with every text in it hostile. */
export function poison(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return HOSTILE;
  if (Array.isArray(value)) return value.map((item) => poison(item));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const kept = CHOICES.has(name) && (typeof inner === 'string' || name === 'identity');
      const errors = CHOICES.has(key) && name !== 'form';
      // The sections of the dashboard are ours, and so is the notice's name.
      const ours =
        (key === 'frame' && ['groups', 'notice'].includes(name)) ||
        name === 'tabs' ||
        // Links to them, which have an icon each.
        (name === 'start' && Array.isArray(inner));
      return [name, kept || errors || ours ? inner : poison(inner, name)];
    }),
  );
}
