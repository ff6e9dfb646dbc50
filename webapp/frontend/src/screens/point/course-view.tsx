import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useCallback, useMemo } from "preact/hooks";
import type { Point } from "../../api/types";
import {
  type CounterFigures,
  counterFigures,
  type GaugeFigures,
  gaugeFigures,
} from "../../chart/figures";
import { lazyComponent } from "../../components/lazy";
import { Loading, RetryState, StateMessage } from "../../components/states";
import {
  formatAmount,
  formatNumber,
  formatSpan,
  formatWhen,
  unitLabel,
  withUnit,
} from "../../i18n/format";
import { t } from "../../i18n/t";
import { serverNow } from "../../store/clock";
import type { Course } from "../../store/course";
import { zone } from "../../store/session";
import { ValuesTable } from "./values-table";

const Chart = lazyComponent(
  () => import("../../chart/chart"),
  () => <div class="chart chart-waiting" />,
  (retry) => <RetryState title={t("point.chart_failed")} onRetry={retry} />,
);

function Figure({ name, value }: { name: string; value: string }): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface ViewProps<F> {
  point: Point;
  course: Course;
  figures: F;
}

/** What stands under the cursor, in the place of the legend, so that nothing jumps. */
function Readout({ text, legend }: { text: string; legend: VNode }): VNode {
  return (
    <div class="readout" aria-live="polite">
      {text ? <span class="readout-text">{text}</span> : legend}
    </div>
  );
}

function GaugeView({ point, course, figures }: ViewProps<GaugeFigures>): VNode {
  const cursor = useSignal<number | null>(null);
  const onCursor = useCallback((index: number | null) => {
    cursor.value = index;
  }, []);
  const data = useMemo<[number[], ...(number | null)[][]]>(
    () => [figures.t, figures.mean, figures.min, figures.max],
    [figures],
  );
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined ? "–" : formatNumber(value, point.precision);
  const index = cursor.value;
  const at = index === null ? undefined : figures.t[index];
  const under =
    index === null || at === undefined || figures.mean[index] === null
      ? ""
      : `${formatWhen(at, zone.value, serverNow())}: ${withUnit(number(figures.mean[index]), point.unit)} (${number(figures.min[index])} – ${number(figures.max[index])})`;
  const range = t(`point.range_label.${course.range}`);
  const summary = {
    low: number(figures.low),
    high: number(figures.high),
    mean: number(figures.average),
  };
  return (
    <>
      <Readout
        text={under}
        legend={
          <span class="legend">
            <span class="legend-mean">{t("point.legend_mean")}</span>
            <span class="legend-band">{t("point.legend_band")}</span>
          </span>
        }
      />
      <Chart
        kind="line"
        data={data}
        start={course.start}
        end={course.end}
        zone={zone.value}
        limits={point.limits}
        label={t("point.chart_label", {
          label: point.label,
          range,
          unit: unitLabel(point.unit),
          ...summary,
        })}
        onCursor={onCursor}
      />
      <dl class="facts facts-row">
        <Figure name={t("point.lowest")} value={summary.low} />
        <Figure name={t("point.mean")} value={summary.mean} />
        <Figure name={t("point.highest")} value={summary.high} />
      </dl>
    </>
  );
}

function CounterView({ point, course, figures }: ViewProps<CounterFigures>): VNode {
  const cursor = useSignal<number | null>(null);
  const onCursor = useCallback((index: number | null) => {
    cursor.value = index;
  }, []);
  const data = useMemo<[number[], ...(number | null)[][]]>(
    () => [figures.t, figures.growth],
    [figures],
  );
  const noLimits = useMemo(() => [], []);
  const index = cursor.value;
  const at = index === null ? undefined : figures.t[index];
  const value = index === null ? null : (figures.growth[index] ?? null);
  const under =
    at === undefined || value === null
      ? ""
      : `${formatWhen(at, zone.value, serverNow())}: ${withUnit(formatAmount(value), point.unit)}`;
  const range = t(`point.range_label.${course.range}`);
  const total = formatAmount(figures.total);
  return (
    <>
      <Readout
        text={under}
        legend={
          <span class="legend">
            <span class="legend-bar">
              {t("point.legend_increase", { span: slotText(figures.slot) })}
            </span>
          </span>
        }
      />
      <Chart
        kind="bars"
        data={data}
        start={course.start}
        end={course.end}
        zone={zone.value}
        limits={noLimits}
        label={t("point.counter_label", {
          label: point.label,
          range,
          total,
          unit: unitLabel(point.unit),
        })}
        onCursor={onCursor}
      />
      <dl class="facts facts-row">
        <Figure name={t("point.total")} value={withUnit(total, point.unit)} />
      </dl>
    </>
  );
}

function slotText(slot: number): string {
  return slot === 3_600_000
    ? t("point.hour")
    : slot === 86_400_000
      ? t("point.day")
      : formatSpan(slot / 1000);
}

export function CourseView({ point, course }: { point: Point; course: Course }): VNode {
  const staleMs = (point.stale_after_s ?? 0) * 1000;
  const figures = useMemo(
    () => (point.kind === "counter" ? counterFigures(course) : gaugeFigures(course, staleMs)),
    [point.kind, staleMs, course],
  );
  if (!figures) {
    return (
      <StateMessage title={t("point.chart_empty")} help={t("point.chart_empty_help")} icon="live" />
    );
  }
  return (
    <>
      {figures.kind === "line" ? (
        <GaugeView point={point} course={course} figures={figures} />
      ) : (
        <CounterView point={point} course={course} figures={figures} />
      )}
      <ValuesTable point={point} range={course.range} figures={figures} />
    </>
  );
}

export const CourseLoading = (): VNode => <Loading rows={1} />;
