import type { DenialReason } from '../platform/denial-reasons.ts';
import type { Frame } from './dashboard-models.ts';

// What the pages about usage need to know.

/** How far back; the words are `usage.range.<kind>`. */
export type UsageRangeKind = 'day' | 'week' | 'month';

/** An hour or a day, with the places of its bars on a chart of 100 by 100. */
export interface UsageBar {
  start: Date;
  allowed: number;
  refused: number;
  x: number;
  width: number;
  allowedHeight: number;
  refusedHeight: number;
  /** Whether its start is written below it. */
  marked: boolean;
}

export interface UsageChart {
  kind: UsageRangeKind;
  bars: readonly UsageBar[];
  allowed: number;
  refused: number;
  /** What the upper edge stands for: a round figure, at least the highest bar. */
  top: number;
  /** The most frequent first. */
  reasons: readonly { error: DenialReason; requests: number }[];
}

export interface UsagePage {
  frame: Frame;
  /** Absent: too many read at this moment. */
  chart?: UsageChart;
  ranges: readonly { kind: UsageRangeKind; chosen: boolean }[];
  /** What requests can be narrowed to; `value` is posted as `key`. */
  keys: readonly { value: string; name: string; hint: string; chosen: boolean }[];
  routes: readonly { value: string; chosen: boolean }[];
  /** Without anything chosen. */
  plainUrl: string;
  /** Something is chosen. */
  narrowed: boolean;
}

/** Template name → its model. */
export interface UsagePages {
  'dashboard/usage': UsagePage;
}
