import type { VNode } from "preact";
import { formatAmount, formatClock, withUnit } from "../i18n/format";
import { t } from "../i18n/t";
import { zone } from "../store/session";
import type { DayUse } from "../store/today";

const WIDTH = 480;
const HEIGHT = 108;
const BASE = 104;

/** The day before as steps behind the bars, so that the same hour stands above itself. */
function stepPath(values: (number | null)[], slot: number, y: (value: number) => number): string {
  let path = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    path += `${pen}${(index * slot).toFixed(1)} ${y(value).toFixed(1)}H${((index + 1) * slot).toFixed(1)}`;
    pen = "L";
  });
  return path;
}

export function HourBars({ use, start }: { use: DayUse; start: number }): VNode | null {
  const known = [...use.hours, ...use.yesterdayHours].filter(
    (value): value is number => value !== null,
  );
  const top = Math.max(0, ...known);
  if (top <= 0) return null;
  const slot = WIDTH / use.hours.length;
  const y = (value: number): number => BASE - (value / top) * (BASE - 8);
  const before = stepPath(use.yesterdayHours, slot, y);
  const labels = use.hours.map((_, hour) => hour).filter((hour) => hour % 6 === 0);
  return (
    <figure class="hour-bars">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={t("today.hourly", { name: use.point.device_name })}
      >
        <path class="bars-base" d={`M0 ${BASE}H${WIDTH}`} />
        {use.hours.map((value, hour) =>
          value === null ? null : (
            <rect
              key={hour}
              class="bars-bar"
              x={hour * slot + 2}
              width={slot - 4}
              y={y(value)}
              height={BASE - y(value)}
              rx="2"
            >
              <title>
                {t("today.hour_row", {
                  hour: formatClock(start + hour * 3_600_000, zone.value),
                  value: withUnit(formatAmount(value), use.point.unit),
                })}
              </title>
            </rect>
          ),
        )}
        <path class="bars-halo" d={before} />
        <path class="bars-before" d={before} />
      </svg>
      <p class="bars-hours" aria-hidden="true">
        {labels.map((hour) => (
          <span key={hour} style={{ insetInlineStart: `${(hour * 100) / use.hours.length}%` }}>
            {formatClock(start + hour * 3_600_000, zone.value)}
          </span>
        ))}
      </p>
      <figcaption class="legend">
        <span class="legend-bar">{t("today.legend_today")}</span>
        <span class="legend-line">{t("today.legend_yesterday")}</span>
      </figcaption>
    </figure>
  );
}
