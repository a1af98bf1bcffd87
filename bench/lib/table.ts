import type { Facts, Report, Row, TargetResult } from './harness.ts';

interface Column {
  heading: string;
  /** A column that no row has anything for is left out. */
  cell(row: Row): string | undefined;
}

/** A table to read in a terminal and to paste into Markdown. */
export function formatTable(report: Report): string {
  const columns: Column[] = [
    {
      heading: '',
      cell: ({ name }) => (name === report.baseline ? `${name} (baseline)` : name),
    },
    { heading: 'per second', cell: ({ perSecond }) => thousands(perSecond) },
    {
      heading: 'ratio',
      cell: ({ ratio }) => (ratio === undefined ? undefined : `${ratio.toFixed(2)}×`),
    },
    { heading: 'p50 ms', cell: ({ p50 }) => p50.toFixed(1) },
    { heading: 'p99 ms', cell: ({ p99 }) => p99.toFixed(1) },
    {
      heading: 'rounds from–to',
      cell: (row) => `${thousands(row.slowest)}–${thousands(row.fastest)}`,
    },
    {
      heading: 'peak MiB',
      cell: ({ peakMiB }) => (peakMiB === undefined ? undefined : thousands(Math.round(peakMiB))),
    },
  ];
  const used = columns.filter(({ cell }) => report.rows.some((row) => cell(row)));
  return layOut(
    report.title,
    used.map(({ heading }) => heading),
    report.rows.map((row) => used.map(({ cell }) => cell(row) || '')),
  );
}

export function formatFacts({ title, facts }: Facts): string {
  const rows = facts.map(({ name, value, unit }) => [
    name,
    value === undefined
      ? 'unknown'
      : `${unit === '×' ? value.toFixed(2) : thousands(Math.round(value))} ${unit}`,
  ]);
  return layOut(title, ['', 'measured'], rows);
}

export function formatTarget({ subject, atLeast, ratio, met }: TargetResult): string {
  const verdict = met ? 'met' : 'NOT met';
  return `Target: ${subject} at least ${atLeast.toFixed(2)}× the baseline: ${verdict} (${ratio.toFixed(2)}×).`;
}

function layOut(title: string, headings: string[], rows: string[][]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((cells) => cells[column]!.length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [`## ${title}`, '', line(headings), rule, ...rows.map(line), ''].join('\n');
}

function thousands(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
