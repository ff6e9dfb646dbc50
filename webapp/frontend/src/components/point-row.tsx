import type { VNode } from "preact";
import type { Point } from "../api/types";
import { formatNumber, formatShort, unitLabel, withUnit } from "../i18n/format";
import { t } from "../i18n/t";
import { type LimitView, nearestLimit } from "../lib/limits";
import { qualityAt } from "../lib/quality";
import { pointPath } from "../router";
import { worstByPoint } from "../store/alarms";
import { now } from "../store/clock";
import { SPARK_HOURS } from "../store/live";
import type { PointSignal } from "../store/points";
import { LimitRail } from "./limit-rail";
import { PriorityMark, QualityTag } from "./marks";
import { Spark } from "./spark";
import { Age } from "./time";

export function limitText({ limit, violated }: LimitView, unit: string): string {
  const level = t(`level.${limit.level}`);
  const value = withUnit(formatShort(limit.value), unit === "pH" ? null : unit);
  const high = limit.kind === "high";
  if (violated)
    return high ? t("limit.above", { level, value }) : t("limit.below", { level, value });
  const text = high ? t("limit.high", { level, value }) : t("limit.low", { level, value });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function ValueText({ point }: { point: Point }): VNode {
  if (point.value === null) return <span class="value value-none">{t("live.no_value")}</span>;
  return (
    <span class="value">
      <span data-testid="value">{formatNumber(point.value, point.precision)}</span>
      {point.unit && point.unit !== point.label ? (
        <span class="unit"> {unitLabel(point.unit)}</span>
      ) : null}
    </span>
  );
}

/** Its own component, so that the ticking clock redraws a tag and not the whole row. */
function RowQuality({ point }: { point: Point }): VNode | null {
  return <QualityTag view={qualityAt(point, now.value)} />;
}

/** The limit that is nearest, or broken. */
export function LimitText({ point }: { point: Point }): VNode | null {
  const view = nearestLimit(point);
  if (!view) return null;
  return (
    <span class={view.violated ? `limit limit-broken level-${view.limit.level}` : "limit"}>
      {limitText(view, point.unit)}
    </span>
  );
}

export function PointRow({ item }: { item: PointSignal }): VNode {
  const point = item.value;
  const alarm = worstByPoint.value.get(point.point);
  const limit = nearestLimit(point);
  return (
    <li>
      <a
        class={alarm ? `point-row point-row-${alarm.priority}` : "point-row"}
        href={pointPath(point.device, point.metric)}
        data-testid={`point-${point.point}`}
      >
        <span class="point-name">
          {alarm ? <PriorityMark priority={alarm.priority} size={20} /> : null}
          <span class="point-label">{point.label}</span>
        </span>
        <ValueText point={point} />
        <span class="point-source">
          <span>{point.device_name}</span>
          {point.aspect ? <span class="point-aspect">{point.aspect.name}</span> : null}
        </span>
        <span class="point-spark">
          {point.spark ? (
            <Spark
              point={point}
              data={point.spark}
              hours={SPARK_HOURS}
              limit={limit?.limit ?? null}
            />
          ) : null}
        </span>
        <LimitRail point={point} />
        <span class="point-foot">
          <RowQuality point={point} />
          <LimitText point={point} />
          <Age at={point.observed_at} />
        </span>
      </a>
    </li>
  );
}
