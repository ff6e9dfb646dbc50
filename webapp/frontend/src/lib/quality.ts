import type { Point, Quality } from "../api/types";

export interface QualityView {
  quality: Quality;
  reasons: string[];
}

/** Time passing makes a value stale on the screen even when no message says so. */
export function qualityAt(point: Point, now: number): QualityView {
  const reasons = [...point.reasons];
  let quality = point.quality;
  const observed = point.observed_at ? Date.parse(point.observed_at) : Number.NaN;
  const limit = point.stale_after_s;
  if (limit && Number.isFinite(observed) && now - observed > limit * 1000) {
    if (!reasons.includes("stale")) reasons.push("stale");
    if (quality === "good") quality = "uncertain";
  }
  return { quality, reasons };
}
