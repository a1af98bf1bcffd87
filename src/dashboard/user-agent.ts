/** The first that fits: the later ones' names stand in the earlier ones' headers, too. */
const BROWSERS: readonly [name: string, mark: RegExp][] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|Opera)\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Headless)?(?:Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
];

const SYSTEMS: readonly [name: string, mark: RegExp][] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
];

/** A browser and its system by the names people know, as far as the header gives them away. */
export function readUserAgent(header: string): { browser?: string; system?: string } {
  const find = (table: readonly [string, RegExp][]) =>
    table.find(([, mark]) => mark.test(header))?.[0];
  const browser = find(BROWSERS);
  const system = find(SYSTEMS);
  return { ...(browser ? { browser } : {}), ...(system ? { system } : {}) };
}
