import { contrastRatio } from '../platform/contrast.ts';
import type { PlatformBrand } from './view-models.ts';

/**
 * The platform's colours, worked out from the accent it declares: whatever the operator picks, text
 * on a button and links on the page keep their contrast (WCAG 2.2 §1.4.3), by day and by night.
 */

const WHITE = '#ffffff';
const BLACK = '#000000';
/** The surfaces of gatehouse.css that carry accent-coloured text: the least favourable of each. */
const LIGHT_SURFACE = '#f4f5f7';
const DARK_SURFACE = '#1b1d23';
/** A little over 4.5, so that a faint tint below the text costs nothing. */
const TEXT_CONTRAST = 5;
const SHAPE_CONTRAST = 3;

interface Scheme {
  accent: string;
  /** Text on the accent. */
  onAccent: string;
  /** The accent as text: links, ticks. */
  accentText: string;
}

/** The stylesheet `/assets/theme.css` of a platform. */
export function themeCss(brand: Pick<PlatformBrand, 'accent' | 'accentDark'>): string {
  const light = scheme(brand.accent, LIGHT_SURFACE, BLACK);
  const dark = scheme(brand.accentDark ?? brand.accent, DARK_SURFACE, WHITE);
  return `:root{${declarations(light)}}
@media (prefers-color-scheme: dark){:root{${declarations(dark)}}}
`;
}

/** The icon `/assets/icon.svg` of a platform: its initial on its accent. */
export function iconSvg(brand: Pick<PlatformBrand, 'name' | 'accent'>): string {
  const { accent, onAccent } = scheme(brand.accent, LIGHT_SURFACE, BLACK);
  const initial = initialOf(brand.name).replace(/[&<>"']/g, '');
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<rect width="32" height="32" rx="8" fill="${accent}"/>` +
    `<text x="16" y="22.5" font-family="system-ui,sans-serif" font-size="18" font-weight="600" text-anchor="middle" fill="${onAccent}">${initial}</text>` +
    '</svg>'
  );
}

/** The first letter or digit of a name, as its text avatar shows it. */
export function initialOf(name: string): string {
  const first = /[\p{L}\p{N}]\p{M}*/u.exec(name)?.[0] ?? '?';
  return first.toLocaleUpperCase('en');
}

/** @param away what to mix in to stand out from the surface: black by day, white by night */
function scheme(declared: string, surface: string, away: string): Scheme {
  const accent = longHex(declared);
  const standsOut = (least: number) => (colour: string) => contrastRatio(colour, surface) >= least;
  const visible = away === WHITE ? mixUntil(accent, away, standsOut(SHAPE_CONTRAST)) : accent;
  const { fill, ink } = readable(visible);
  const accentText = mixUntil(accent, away, standsOut(TEXT_CONTRAST));
  return { accent: fill, onAccent: ink, accentText };
}

/** White on the fill where a small darkening allows it, else black on the fill as it is. */
function readable(fill: string): { fill: string; ink: string } {
  if (contrastRatio(fill, WHITE) < 2.8) return { fill, ink: BLACK };
  const darkened = mixUntil(fill, BLACK, (colour) => contrastRatio(colour, WHITE) >= 4.6);
  return { fill: darkened, ink: WHITE };
}

function mixUntil(from: string, to: string, enough: (colour: string) => boolean): string {
  for (let share = 0; share < 1; share += 0.02) {
    const colour = mix(from, to, share);
    if (enough(colour)) return colour;
  }
  return to;
}

function mix(from: string, to: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
    const mixed = Math.round(a! + (b! - a!) * share);
    return mixed.toString(16).padStart(2, '0');
  });
  return `#${channels.join('')}`;
}

/** @throws Error for anything but `#rgb` and `#rrggbb`: it would land in a stylesheet */
function longHex(hex: string): string {
  const long = /^#[0-9a-f]{3}$/i.test(hex) ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex;
  if (!/^#[0-9a-f]{6}$/i.test(long))
    throw new Error(`Expected a colour like #2f6feb, found ${hex}`);
  return long.toLowerCase();
}

function declarations({ accent, onAccent, accentText }: Scheme): string {
  return `--accent:${accent};--on-accent:${onAccent};--accent-text:${accentText}`;
}
