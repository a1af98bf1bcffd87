import { type Measurement, measure, type Subject } from './measure.ts';
import { formatTable } from './table.ts';

export interface Comparison {
  title: string;
  /** The name of the subject that the others are held against; default: the first. */
  baseline?: string;
  /** Default 3. */
  rounds?: number;
  subjects: Subject[];
}

export interface Row extends Measurement {
  /** Times the baseline's requests per second, in the same run. */
  readonly ratio: number;
  /** The slowest and the fastest round: how much to trust the median. */
  readonly slowest: number;
  readonly fastest: number;
}

export interface Report {
  readonly title: string;
  readonly baseline: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

export interface Harness {
  /** One round of one subject, without warm-up. */
  measure(subject: Subject): Promise<Measurement>;
  /**
   * Measures the subjects in turn, round after round (A B A B), so that a machine which is busier for a
   * while is so for all of them; prints and keeps the medians.
   */
  compare(comparison: Comparison): Promise<Report>;
}

export interface HarnessOptions {
  print(text: string): void;
  /** Shorter rounds, to see whether a bench works: BENCH_SECONDS. */
  seconds?: number | undefined;
  rounds?: number | undefined;
}

/** So that code is compiled, pools are open and caches warm. */
const WARM_UP_SECONDS = 1;

export function createHarness(options: HarnessOptions): Harness & { reports: readonly Report[] } {
  const reports: Report[] = [];
  const timed = (subject: Subject): Subject =>
    options.seconds ? { ...subject, seconds: options.seconds } : subject;

  async function compare(comparison: Comparison): Promise<Report> {
    const { title, subjects } = comparison;
    const baseline = comparison.baseline ?? subjects[0]?.name ?? '';
    if (!subjects.some(({ name }) => name === baseline)) {
      throw new Error(`${title}: the baseline ${baseline} is not among the subjects`);
    }
    const rounds = options.rounds ?? comparison.rounds ?? 3;
    const measured = new Map<string, Measurement[]>(subjects.map(({ name }) => [name, []]));
    for (const subject of subjects) await measure({ ...subject, seconds: WARM_UP_SECONDS });
    for (let round = 0; round < rounds; round += 1) {
      for (const subject of subjects) {
        measured.get(subject.name)!.push(await measure(timed(subject)));
      }
    }
    const report: Report = { title, baseline, rounds, rows: toRows(measured, baseline) };
    reports.push(report);
    options.print(`${formatTable(report)}\n`);
    return report;
  }

  return { reports, compare, measure: (subject) => measure(timed(subject)) };
}

function toRows(measured: ReadonlyMap<string, Measurement[]>, baseline: string): Row[] {
  const median = (name: string) => medianOf(measured.get(name)!, ({ perSecond }) => perSecond);
  return [...measured].map(([name, measurements]) => {
    const speeds = measurements.map(({ perSecond }) => perSecond);
    return {
      name,
      perSecond: median(name),
      ratio: median(name) / median(baseline),
      p50: medianOf(measurements, ({ p50 }) => p50),
      p99: medianOf(measurements, ({ p99 }) => p99),
      slowest: Math.min(...speeds),
      fastest: Math.max(...speeds),
      total: measurements.reduce((sum, { total }) => sum + total, 0),
    };
  });
}

/** Of an even number of rounds the mean of the two in the middle. */
export function medianOf<T>(items: readonly T[], value: (item: T) => number): number {
  const sorted = items.map(value).sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
