interface Preference {
  /** Lower case. */
  readonly range: string;
  readonly quality: number;
}

const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/**
 * The best of the available languages for a reader, by Accept-Language. `de-AT` is served by `de`.
 *
 * @param available language tags, the one that is ours by default first
 * @returns undefined: the reader named none of them, or no header was sent
 * @see RFC 9110 §12.5.4, RFC 4647 §3.4
 */
export function preferredLanguage<Tag extends string>(
  acceptLanguage: string | undefined,
  available: readonly Tag[],
): Tag | undefined {
  const preferences = (acceptLanguage ?? '').split(',').flatMap(readPreference);
  const refused = new Set(preferences.filter(({ quality }) => quality === 0).map(rangeOf));
  const welcome = available.filter((tag) => !refused.has(tag.toLowerCase()));
  const wished = preferences
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  const named = new Set(wished.map(rangeOf));
  for (const { range } of wished) {
    const found =
      range === '*' ? welcome.find((tag) => !named.has(tag.toLowerCase())) : lookUp(range, welcome);
    if (found) return found;
  }
  return undefined;
}

/**
 * The first of these locales that is available, most wanted first, as an app asks in `ui_locales`.
 *
 * @param locales language tags, separated by spaces
 * @see OpenID Connect Core §3.1.2.1
 */
export function firstLanguage<Tag extends string>(
  locales: string,
  available: readonly Tag[],
): Tag | undefined {
  for (const locale of locales.split(' ')) {
    const found = lookUp(locale, available);
    if (found) return found;
  }
  return undefined;
}

/** Shortens the range until something fits: `de-CH-1996`, `de-CH`, `de`. */
function lookUp<Tag extends string>(range: string, available: readonly Tag[]): Tag | undefined {
  const parts = range.toLowerCase().split('-');
  for (; parts.length > 0; parts.pop()) {
    const found = available.find((tag) => tag.toLowerCase() === parts.join('-'));
    if (found) return found;
  }
  return undefined;
}

/** None of what can't be read. */
function readPreference(text: string): Preference[] {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim());
  if (!/^(?:\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)$/i.test(range)) return [];
  const weight = parameters.find((parameter) => /^q=/i.test(parameter));
  const quality = weight === undefined ? '1' : QUALITY.exec(weight)?.[1];
  return quality === undefined ? [] : [{ range: range.toLowerCase(), quality: Number(quality) }];
}

const rangeOf = ({ range }: Preference) => range;
