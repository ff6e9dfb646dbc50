import type { VNode } from "preact";
import type { Limit, Point, SparkData } from "../api/types";
import { formatNumber } from "../i18n/format";
import { t } from "../i18n/t";
import { growth, sparkShape } from "../lib/spark";

const WIDTH = 104;
const HEIGHT = 30;

interface Props {
  point: Point;
  data: SparkData;
  hours: number;
  limit: Limit | null;
}

export function Spark({ point, data, hours, limit }: Props): VNode | null {
  const counter = point.kind === "counter";
  const shape = sparkShape(data.t, counter ? growth(data.mean) : data.mean, WIDTH, HEIGHT);
  if (!shape) return null;
  const low = formatNumber(shape.low, point.precision);
  const high = formatNumber(shape.high, point.precision);
  const level = limit ? shape.y(limit.value) : -1;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={
        counter ? t("live.spark_counter", { hours }) : t("live.spark", { hours, low, high })
      }
    >
      {level >= 0 && level <= HEIGHT ? (
        <path class={`spark-limit level-${limit?.level}`} d={`M0 ${level}H${WIDTH}`} />
      ) : null}
      <path class="spark-line" d={shape.line} />
    </svg>
  );
}
