import { perSlot } from "../lib/counters";
import type { Course } from "../store/course";
import { RANGES } from "../store/course";

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

export function gaugeFigures({ series }: Course): GaugeFigures | null {
  const means = known(series.mean);
  if (means.length === 0) return null;
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
