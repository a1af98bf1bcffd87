import { AA_CONTRAST, contrastRatio, DARK_BACKGROUND, LIGHT_BACKGROUND } from '../contrast.ts';
import { PLACEHOLDERS, placeholdersIn } from '../dialect.ts';
import type { DialectTemplate } from '../platform.ts';
import { type FilePath, formatValue } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { didYouMean } from '../suggest.ts';
import { entries, type Finding } from './check.ts';

/** Accents can be read on the page they are for (WCAG 2.2 §1.4.3, AA). */
export function* readableAccents(file: PartialPlatformFile): Iterable<Finding> {
  const accents = [
    ['accent_color', LIGHT_BACKGROUND, 'a darker'],
    ['accent_color_dark', DARK_BACKGROUND, 'a lighter'],
  ] as const;
  for (const [key, background, better] of accents) {
    const color = file.branding?.[key];
    if (color === undefined) continue;
    const ratio = contrastRatio(color, background);
    if (ratio >= AA_CONTRAST) continue;
    yield {
      at: ['branding', key],
      expected: `a contrast of at least ${AA_CONTRAST}:1 against ${background}`,
      found: `${formatValue(color)}, ${(Math.floor(ratio * 100) / 100).toFixed(2)}:1`,
      hint: `Choose ${better} shade.`,
    };
  }
}

/** @see RFC 8414 §2 */
export function* issuer({ issuer: value }: PartialPlatformFile): Iterable<Finding> {
  if (value === undefined) return;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const local = url && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && local);
  if (secure && !url.search && !url.hash && !url.username) return;
  yield {
    at: ['issuer'],
    expected: 'an https URL without query, fragment or user name',
    found: formatValue(value),
    hint: 'http is for localhost only.',
  };
}

/** Headers that frame or authenticate a response are not a dialect's to set. */
const OWN_HEADERS =
  /^(content-(length|type|encoding)|transfer-encoding|connection|www-authenticate|set-cookie|retry-after)$/i;

export function* dialect(file: PartialPlatformFile): Iterable<Finding> {
  yield* unknownPlaceholders(file.dialect?.body, ['dialect', 'body']);
  for (const [, denial, at] of entries(file.dialect?.denials, ['dialect', 'denials'])) {
    yield* unknownPlaceholders(denial.body, [...at, 'body']);
    yield* unknownPlaceholders(denial.message, [...at, 'message']);
    for (const [name, value, place] of entries(denial.headers, [...at, 'headers'])) {
      yield* unknownPlaceholders(value, place);
      if (OWN_HEADERS.test(name)) {
        yield {
          at: place,
          expected: 'a header that Gatehouse does not set by itself',
          found: formatValue(name),
        };
      }
    }
  }
}

function* unknownPlaceholders(template: unknown, at: FilePath): Iterable<Finding> {
  if (template === undefined) return;
  for (const name of placeholdersIn(template as DialectTemplate)) {
    if ((PLACEHOLDERS as readonly string[]).includes(name)) continue;
    yield {
      at,
      expected: `placeholders out of ${PLACEHOLDERS.join(', ')}`,
      found: `{${name}}`,
      ...hintFor(name),
    };
  }
}

function hintFor(name: string): { hint?: string } {
  const hint = didYouMean(name, PLACEHOLDERS);
  return hint === undefined ? {} : { hint };
}
