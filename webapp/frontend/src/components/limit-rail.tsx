import type { VNode } from "preact";
import type { Point } from "../api/types";
import { railOf } from "../lib/rail";

/** Where the value stands between its limits. Decorative: the row says the same in words. */
export function LimitRail({ point }: { point: Point }): VNode | null {
  const rail = railOf(point);
  if (!rail) return null;
  return (
    <svg class="rail" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="rail-track" y="2" width="100" height="4" />
      {rail.zones.map((zone) => (
        <rect
          key={`${zone.level}${zone.from}`}
          class={`rail-zone level-${zone.level}`}
          x={zone.from * 100}
          y="2"
          width={(zone.to - zone.from) * 100}
          height="4"
        />
      ))}
      <path class="rail-tick" d={`M${(rail.at * 99 + 0.5).toFixed(2)} 0V8`} />
    </svg>
  );
}
