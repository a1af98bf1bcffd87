/** One page of a list, in the list's order. */
export interface Page<Item> {
  items: Item[];
  /** Give it back to read on; null on the last page. */
  nextCursor: string | null;
}

/** What a caller asks of a list. */
export interface PageRequest {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string | undefined;
  /** Items wanted, 1 to 100; what lies outside is brought inside. Default 50. */
  limit?: number | undefined;
}

/** A cursor that no page of this list has given out. The caller's mistake: answer 400. */
export class InvalidCursorError extends Error {
  readonly code = 'invalid_cursor';

  constructor() {
    super('The cursor is not one that this list has given out');
    this.name = 'InvalidCursorError';
  }
}

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 50;
const MAX_CURSOR_LENGTH = 256;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const POSITION = /^[A-Za-z0-9_-]{1,64}$/;

/** The number of items to read for a request. */
export function pageSize(limit: number | undefined): number {
  if (limit === undefined || Number.isNaN(limit)) return DEFAULT_LIMIT;
  return Math.min(Math.max(Math.trunc(limit), 1), MAX_LIMIT);
}

/**
 * Reads the position out of a cursor. It is no secret and no permission: a position someone makes up only
 * moves where their own list goes on, so the list's own conditions must stand beside it.
 *
 * @param list the name the cursor was written for: a cursor of another list is refused
 * @param form what a position of this list looks like; by default an identifier
 * @returns the key of the last item seen, or undefined for the first page
 * @throws InvalidCursorError
 */
export function readCursor(
  list: string,
  cursor: string | undefined,
  form: RegExp = POSITION,
): string | undefined {
  if (cursor === undefined) return undefined;
  if (cursor.length > MAX_CURSOR_LENGTH || !BASE64URL.test(cursor)) throw new InvalidCursorError();
  const content = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(content) || content.length !== 2) throw new InvalidCursorError();
  const [name, position] = content as unknown[];
  if (name !== list || typeof position !== 'string' || !form.test(position)) {
    throw new InvalidCursorError();
  }
  return position;
}

/**
 * Makes a page of rows that were read one further than `size`: the surplus row tells that there is more.
 *
 * @param keyOf the unique key that the list is ordered by
 */
export function pageOf<Item>(
  list: string,
  rows: Item[],
  size: number,
  keyOf: (item: Item) => string,
): Page<Item> {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  if (rows.length <= size || last === undefined) return { items, nextCursor: null };
  const content = JSON.stringify([list, keyOf(last)]);
  return { items, nextCursor: Buffer.from(content).toString('base64url') };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidCursorError();
  }
}
