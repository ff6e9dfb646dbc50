import type { VNode } from "preact";
import type { Limit, SparkData } from "../api/types";
import { formatNumber } from "../i18n/format";
import { t } from "../i18n/t";
import { sparkShape } from "../lib/spark";

const WIDTH = 104;
const HEIGHT = 30;

interface Props {
  data: SparkData;
  hours: number;
  precision: number;
  limit: Limit | null;
}

export function Spark({ data, hours, precision, limit }: Props): VNode | null {
  const shape = sparkShape(data.t, data.mean, WIDTH, HEIGHT);
  if (!shape) return null;
  const low = formatNumber(shape.low, precision);
  const high = formatNumber(shape.high, precision);
  const level = limit ? shape.y(limit.value) : -1;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={t("live.spark", { hours, low, high })}
    >
      {level >= 0 && level <= HEIGHT ? (
        <path class={`spark-limit level-${limit?.level}`} d={`M0 ${level}H${WIDTH}`} />
      ) : null}
      <path class="spark-line" d={shape.line} />
    </svg>
  );
}
