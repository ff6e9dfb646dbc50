import type { Alarm, Level, Priority } from "../api/types";
import { levelRank } from "./limits";

const PRIORITY: Record<Priority, number> = { low: 1, medium: 2, high: 3, critical: 4 };

export const isOpen = (alarm: Alarm): boolean => alarm.state !== "normal";

function stateRank(alarm: Alarm): number {
  if (alarm.state === "active_unacked") return 3;
  return alarm.state === "active_acked" ? 2 : 1;
}

/** Priority first, then what still lasts and nobody has taken, then the newest. */
export function bySeverity(a: Alarm, b: Alarm): number {
  return (
    (PRIORITY[b.priority] ?? 0) - (PRIORITY[a.priority] ?? 0) ||
    levelRank(b.level as Level) - levelRank(a.level as Level) ||
    stateRank(b) - stateRank(a) ||
    Date.parse(b.raised_at) - Date.parse(a.raised_at)
  );
}
