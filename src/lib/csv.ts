/** What a spreadsheet takes for a formula, whatever the quotes around it. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * One line of a CSV file. Text that a spreadsheet would run as a formula gets a leading apostrophe, which
 * makes it text there.
 *
 * @param cells an absent one is empty
 * @see RFC 4180 §2
 */
export function csvLine(cells: readonly (string | null | undefined)[]): string {
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n\t]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
