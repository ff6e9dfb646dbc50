import type { Level, Limit, Point } from "../api/types";

const RANK: Record<Level, number> = { warning: 1, action: 2, permit: 3 };

export interface LimitView {
  limit: Limit;
  violated: boolean;
}

const judged = (limit: Limit): boolean => limit.kind === "high" || limit.kind === "low";

export function isViolated(limit: Limit, value: number): boolean {
  return limit.kind === "high" ? value > limit.value : value < limit.value;
}

export function levelRank(level: Level): number {
  return RANK[level] ?? 0;
}

/**
 * The limit a person wants to know about: the gravest one broken, else the one closest by. A bad
 * value breaks none: it is shown, and judged by nobody.
 */
export function nearestLimit(point: Pick<Point, "value" | "limits" | "quality">): LimitView | null {
  const limits = point.limits.filter(judged);
  const value = point.value;
  if (value === null) return null;
  const broken = limits
    .filter((limit) => point.quality !== "bad" && isViolated(limit, value))
    .sort((a, b) => levelRank(b.level) - levelRank(a.level));
  if (broken[0]) return { limit: broken[0], violated: true };
  const closest = limits.sort((a, b) => Math.abs(a.value - value) - Math.abs(b.value - value))[0];
  return closest ? { limit: closest, violated: false } : null;
}
