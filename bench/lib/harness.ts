import { type Measurement, measure, type Subject } from './measure.ts';
import { formatFacts, formatTable, formatTarget } from './table.ts';

export interface Comparison {
  title: string;
  /** The name of the subject that the others are held against. Without one there are no ratios. */
  baseline?: string;
  /** What ratio to the baseline a subject is to reach. */
  targets?: readonly Target[];
  /** Default 3. */
  rounds?: number;
  subjects: Subject[];
}

export interface Target {
  readonly subject: string;
  readonly atLeast: number;
}

export interface TargetResult extends Target {
  readonly ratio: number;
  readonly met: boolean;
}

export interface Row extends Measurement {
  /** Times the baseline's requests per second: the median of what each round gave, one beside the other. */
  readonly ratio?: number;
  /** The slowest and the fastest round: how much to trust the median. */
  readonly slowest: number;
  readonly fastest: number;
}

export interface Report {
  readonly title: string;
  readonly baseline?: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly targets: readonly TargetResult[];
}

/** Something measured once, such as the time of a start. */
export interface Fact {
  readonly name: string;
  /** Undefined where this machine does not tell. */
  readonly value: number | undefined;
  readonly unit: 'ms' | 'µs' | 'MiB' | 'per second' | '×';
}

export interface Facts {
  readonly title: string;
  readonly facts: readonly Fact[];
}

export interface Harness {
  /** One round of one subject, without warm-up. */
  measure(subject: Subject): Promise<Measurement>;
  /**
   * Measures the subjects in turn, there and back (A B B A), so that a machine which is busier for a while, or
   * ever slower, is so for all of them; prints and keeps the medians.
   */
  compare(comparison: Comparison): Promise<Report>;
  /** Prints and keeps what was measured elsewhere. */
  record(facts: Facts): void;
}

export interface HarnessOptions {
  print(text: string): void;
  /** Shorter rounds, to see whether a bench works: BENCH_SECONDS. */
  seconds?: number | undefined;
  rounds?: number | undefined;
}

/** So that code is compiled, pools are open and caches warm. */
const WARM_UP_SECONDS = 1;

export function createHarness(
  options: HarnessOptions,
): Harness & { reports: readonly (Report | Facts)[] } {
  const reports: (Report | Facts)[] = [];
  const timed = (subject: Subject): Subject =>
    options.seconds ? { ...subject, seconds: options.seconds } : subject;

  async function compare(comparison: Comparison): Promise<Report> {
    const { title, subjects, baseline } = comparison;
    const rounds = options.rounds ?? comparison.rounds ?? 3;
    checkNames(comparison);
    const measured = new Map<string, Measurement[]>(subjects.map(({ name }) => [name, []]));
    for (const subject of subjects) {
      await measure({ ...subject, seconds: subject.warmUpSeconds ?? WARM_UP_SECONDS });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
        measured.get(subject.name)!.push(await measure(timed(subject)));
      }
    }
    const rows = toRows(measured, baseline);
    const targets = (comparison.targets ?? []).map((target) => toResult(target, rows));
    const report: Report = { title, ...(baseline ? { baseline } : {}), rounds, rows, targets };
    reports.push(report);
    options.print([formatTable(report), ...targets.map(formatTarget), ''].join('\n'));
    return report;
  }

  return {
    reports,
    compare,
    measure: (subject) => measure(timed(subject)),
    record(facts) {
      reports.push(facts);
      options.print(formatFacts(facts));
    },
  };
}

/** @throws Error when a baseline or a target names no subject: said before the long work, not after it */
function checkNames({ title, baseline, targets = [], subjects }: Comparison): void {
  if (targets.length > 0 && !baseline) throw new Error(`${title}: a target needs a baseline`);
  const named = [baseline ?? [], targets.map(({ subject }) => subject)].flat();
  for (const name of named) {
    if (subjects.some((subject) => subject.name === name)) continue;
    throw new Error(`${title}: ${name} is not among the subjects`);
  }
}

function toRows(measured: ReadonlyMap<string, Measurement[]>, baseline: string | undefined): Row[] {
  const yardstick = baseline === undefined ? undefined : measured.get(baseline)!;
  const ratioOf = (measurements: readonly Measurement[], to: readonly Measurement[]) =>
    medianOf(
      measurements.map(({ perSecond }, round) => perSecond / to[round]!.perSecond),
      (ratio) => ratio,
    );
  return [...measured].map(([name, measurements]) => {
    const speeds = measurements.map(({ perSecond }) => perSecond);
    const peaks = measurements.flatMap(({ peakMiB }) => peakMiB ?? []);
    return {
      name,
      perSecond: medianOf(measurements, ({ perSecond }) => perSecond),
      ...(yardstick ? { ratio: ratioOf(measurements, yardstick) } : {}),
      p50: medianOf(measurements, ({ p50 }) => p50),
      p99: medianOf(measurements, ({ p99 }) => p99),
      slowest: Math.min(...speeds),
      fastest: Math.max(...speeds),
      total: measurements.reduce((sum, { total }) => sum + total, 0),
      ...(peaks.length > 0 ? { peakMiB: Math.max(...peaks) } : {}),
    };
  });
}

function toResult(target: Target, rows: readonly Row[]): TargetResult {
  const { ratio = 0 } = rows.find(({ name }) => name === target.subject)!;
  return { ...target, ratio, met: ratio >= target.atLeast };
}

/** Of an even number of rounds the mean of the two in the middle. */
export function medianOf<T>(items: readonly T[], value: (item: T) => number): number {
  const sorted = items.map(value).sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
