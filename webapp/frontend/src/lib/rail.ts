import type { Level, Limit, Point } from "../api/types";

export interface RailZone {
  from: number;
  to: number;
  level: Level;
}

export interface Rail {
  zones: RailZone[];
  /** Where the value stands, 0 to 1. */
  at: number;
}

const MARGIN = 0.18;

/** The scale runs from a little below the lowest limit to a little above the highest one. */
function scaleOf(limits: Limit[], value: number): [number, number] {
  const values = limits.map((limit) => limit.value);
  const hasLow = limits.some((limit) => limit.kind === "low");
  const hasHigh = limits.some((limit) => limit.kind === "high");
  const low = hasLow ? Math.min(...values) : Math.min(0, value);
  const high = hasHigh ? Math.max(...values) : Math.max(value, Math.max(...values) * 1.5);
  const margin = (high - low || Math.abs(high) || 1) * MARGIN;
  return [hasLow ? low - margin : low, hasHigh ? high + margin : high];
}

export function railOf(point: Pick<Point, "value" | "limits">): Rail | null {
  const limits = point.limits.filter((limit) => limit.kind === "high" || limit.kind === "low");
  if (point.value === null || limits.length === 0) return null;
  const [low, high] = scaleOf(limits, point.value);
  if (high <= low) return null;
  const place = (value: number): number => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const zones = limits
    .map((limit) => ({
      from: limit.kind === "high" ? place(limit.value) : 0,
      to: limit.kind === "high" ? 1 : place(limit.value),
      level: limit.level,
    }))
    // The widest first, so that the gravest zone is painted over the milder one.
    .sort((a, b) => b.to - b.from - (a.to - a.from));
  return { zones, at: place(point.value) };
}
