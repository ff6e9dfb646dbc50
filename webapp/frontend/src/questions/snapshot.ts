import type { Point } from "../api/types";
import { qualityAt } from "../lib/quality";
import type { ReadingSnapshot } from "../work/types";

/** What the person sees of a sensor at this moment, to be kept with the answer; null when it never had a value. */
export function snapshotOf(point: Point, now: number, live: boolean): ReadingSnapshot | null {
  if (point.value === null || !point.observed_at) return null;
  const { quality, reasons } = qualityAt(point, now);
  return {
    point: point.point,
    label: point.label,
    value: point.value,
    unit: point.unit,
    precision: point.precision,
    quality,
    reasons,
    observed_at: point.observed_at,
    age_s: Math.max(0, Math.round((now - Date.parse(point.observed_at)) / 1000)),
    freshness: live ? "live" : "cached",
    limits: point.limits.map(({ kind, level, value }) => ({ kind, level, value })),
  };
}
