/** The page in light mode and in dark mode. */
export const LIGHT_BACKGROUND = '#ffffff';
export const DARK_BACKGROUND = '#111418';

/** What WCAG 2.2 §1.4.3 (AA) asks for between text and its background. */
export const AA_CONTRAST = 4.5;

/** 1 (none) to 21 (black on white), between two `#rrggbb`. @see WCAG 2.2, contrast ratio */
export function contrastRatio(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/** The darkest tint of `color` (mixed with white) that is readable on the dark background. */
export function readableOnDark(color: string): string {
  for (let white = 0; white < 1; white += 0.05) {
    const tint = `#${channels(color)
      .map((value) => Math.round(value + (255 - value) * white))
      .map((value) => value.toString(16).padStart(2, '0'))
      .join('')}`;
    if (contrastRatio(tint, DARK_BACKGROUND) >= AA_CONTRAST) return tint;
  }
  return LIGHT_BACKGROUND;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

/** Relative luminance of an sRGB colour, 0 to 1. */
function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
