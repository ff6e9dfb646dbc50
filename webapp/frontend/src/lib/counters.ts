import type { Series } from "../api/types";

const isNumber = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined;

/**
 * What a counter grew by in each bucket. A counter that falls and stays low was reset or replaced:
 * what it shows afterwards is counted from there, and nothing is guessed about the gap. One that is
 * back at its old level at once only sent a wrong value: its whole register is no growth.
 */
export function increments(series: Series): number[] {
  let level: number | null = null;
  return series.t.map((_, index) => {
    const low = series.min[index];
    const high = series.max[index];
    if (!isNumber(low) || !isNumber(high)) return 0;
    if (level === null) {
      level = high;
      return high - low;
    }
    const before: number = level;
    if (high >= before) {
      level = high;
      return high - before;
    }
    const next = series.min.slice(index + 1).find(isNumber);
    if (next !== undefined && next >= before) return 0;
    level = high;
    return high - low;
  });
}

export function total(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Growth up to an instant; the bucket that holds it counts by the part that lies before it. */
export function totalUntil(series: Series, until: number): number {
  const span = series.resolution_s * 1000;
  return increments(series).reduce((sum, value, index) => {
    const share = (until - (series.t[index] ?? 0)) / span;
    return sum + value * Math.min(1, Math.max(0, share));
  }, 0);
}

/** Sums the increments between neighbouring edges; a slot without data stays null. */
export function perSlot(series: Series, edges: number[]): (number | null)[] {
  const sums: (number | null)[] = edges.slice(1).map(() => null);
  let slot = 0;
  increments(series).forEach((value, index) => {
    const at = series.t[index] ?? 0;
    while (slot < sums.length && at >= (edges[slot + 1] ?? 0)) slot += 1;
    const empty = (series.count[index] ?? 0) === 0;
    if (slot < sums.length && at >= (edges[0] ?? 0) && !empty)
      sums[slot] = (sums[slot] ?? 0) + value;
  });
  return sums;
}

export function equalEdges(start: number, end: number, step: number): number[] {
  const slots = Math.round((end - start) / step);
  return Array.from({ length: slots + 1 }, (_, index) => start + index * step);
}
