import type { Series } from "../api/types";
import { perSlot } from "../lib/counters";
import { type Course, RANGES } from "../store/course";

export interface GaugeFigures {
  kind: "line";
  t: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  low: number;
  high: number;
  average: number;
}

export interface CounterFigures {
  kind: "bars";
  t: number[];
  growth: (number | null)[];
  slot: number;
  total: number;
}

const known = (values: (number | null)[]): number[] =>
  values.filter((value): value is number => value !== null);

/** How far apart the readings usually are: a device that speaks every quarter of an hour has no gaps. */
function usualStep(times: number[]): number {
  const steps = times.slice(1).map((t, index) => t - (times[index] ?? t));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}

/** Buckets without readings are left out by the server: a silence longer than allowed breaks the line. */
export function withGaps(series: Series, staleMs: number): Series {
  const longest = Math.max(staleMs, 2 * series.resolution_s * 1000, 3 * usualStep(series.t));
  const columns: Series = { ...series, t: [], mean: [], min: [], max: [], count: [] };
  const add = (t: number, index: number | null): void => {
    columns.t.push(t);
    columns.mean.push(index === null ? null : (series.mean[index] ?? null));
    columns.min.push(index === null ? null : (series.min[index] ?? null));
    columns.max.push(index === null ? null : (series.max[index] ?? null));
    columns.count.push(index === null ? 0 : (series.count[index] ?? 0));
  };
  series.t.forEach((t, index) => {
    const before = series.t[index - 1];
    if (before !== undefined && t - before > longest) add((before + t) / 2, null);
    add(t, index);
  });
  return columns;
}

export function gaugeFigures(course: Course, staleMs: number): GaugeFigures | null {
  const means = known(course.series.mean);
  if (means.length === 0) return null;
  const series = withGaps(course.series, staleMs);
  let sum = 0;
  let weight = 0;
  series.mean.forEach((mean, index) => {
    const count = series.count[index] ?? 0;
    if (mean === null || count === 0) return;
    sum += mean * count;
    weight += count;
  });
  return {
    kind: "line",
    t: series.t,
    mean: series.mean,
    min: series.min,
    max: series.max,
    low: Math.min(...known(series.min), ...means),
    high: Math.max(...known(series.max), ...means),
    average: weight > 0 ? sum / weight : (means[0] ?? 0),
  };
}

export function counterFigures({ series, range, edges }: Course): CounterFigures | null {
  const growth = perSlot(series, edges);
  if (known(growth).length === 0) return null;
  return {
    kind: "bars",
    t: edges.slice(0, -1),
    growth,
    slot: RANGES[range].slot,
    total: known(growth).reduce((sum, value) => sum + value, 0),
  };
}
