import type { Report } from './harness.ts';

const HEADINGS = ['', 'per second', 'ratio', 'p50 ms', 'p99 ms', 'rounds from–to'];

/** A table to read in a terminal and to paste into Markdown. */
export function formatTable(report: Report): string {
  const rows = report.rows.map((row) => [
    row.name === report.baseline ? `${row.name} (baseline)` : row.name,
    thousands(row.perSecond),
    `${row.ratio.toFixed(2)}×`,
    row.p50.toFixed(1),
    row.p99.toFixed(1),
    `${thousands(row.slowest)}–${thousands(row.fastest)}`,
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((cells) => cells[column]!.length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [`## ${report.title}`, '', line(HEADINGS), rule, ...rows.map(line), ''].join('\n');
}

function thousands(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
