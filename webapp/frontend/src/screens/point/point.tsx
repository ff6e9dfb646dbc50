import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Point } from "../../api/types";
import { AlarmCard } from "../../components/alarm-card";
import { Icon } from "../../components/icons";
import { LimitRail } from "../../components/limit-rail";
import { QualityTag } from "../../components/marks";
import { LimitText, ValueText } from "../../components/point-row";
import { Loading, RetryState, StateMessage } from "../../components/states";
import { Age } from "../../components/time";
import { t } from "../../i18n/t";
import { qualityAt } from "../../lib/quality";
import { goBack } from "../../router";
import { worstByPoint } from "../../store/alarms";
import { now } from "../../store/clock";
import { course, loadCourse, RANGES, type RangeName } from "../../store/course";
import { wakeLive } from "../../store/live";
import { points, pointsStatus } from "../../store/points";
import { zone } from "../../store/session";
import { loadFailureText } from "../live";
import { AboutPoint, LimitList } from "./about";
import { CourseView } from "./course-view";

const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

function RangeChoice({
  range,
  onChange,
}: {
  range: RangeName;
  onChange: (range: RangeName) => void;
}): VNode {
  return (
    <fieldset class="segments">
      <legend class="sr-only">{t("point.range")}</legend>
      {RANGE_NAMES.map((name) => (
        <label key={name} class="segment">
          <input
            type="radio"
            name="range"
            checked={name === range}
            onChange={() => onChange(name)}
          />
          <span>
            <span aria-hidden="true">{t(`point.range.${name}`)}</span>
            <span class="sr-only">{t(`point.range_label.${name}`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface CourseProps {
  point: Point;
  range: RangeName;
  reload: () => void;
}

function CourseBody({ point, range, reload }: CourseProps): VNode {
  const { status, data, failure } = course.state.value;
  const own = data?.series.point === point.point ? data : null;
  // The old range may stay while the new one loads, but not pass for it when loading failed.
  if (own && (status === "ready" || own.range === range)) {
    return <CourseView point={point} course={own} />;
  }
  if (status !== "failed") return <Loading rows={1} />;
  const title = failure === "unreachable" ? t("point.chart_offline") : t("point.chart_failed");
  return <RetryState title={title} onRetry={reload} />;
}

function CourseCard({ point }: { point: Point }): VNode {
  const range = useSignal<RangeName>("24h");
  const siteZone = zone.value;
  const reload = (): void => void loadCourse(point, range.value, siteZone);
  useEffect(() => {
    if (course.state.peek().data?.series.point !== point.point) course.reset();
    reload();
    const timer = setInterval(reload, RANGES[range.value].refresh);
    return () => clearInterval(timer);
  }, [point.point, point.kind, range.value, siteZone]);
  return (
    <section class="card course" aria-label={t("point.range")}>
      <RangeChoice
        range={range.value}
        onChange={(name) => {
          range.value = name;
        }}
      />
      <CourseBody point={point} range={range.value} reload={reload} />
    </section>
  );
}

function NowCard({ point }: { point: Point }): VNode {
  return (
    <div class="now" data-testid={`point-${point.point}`}>
      <p class="now-value">
        <ValueText point={point} />
      </p>
      <LimitRail point={point} />
      <p class="now-line">
        <QualityTag view={qualityAt(point, now.value)} />
        <LimitText point={point} />
        <Age at={point.observed_at} />
      </p>
    </div>
  );
}

function Found({ point }: { point: Point }): VNode {
  const alarm = worstByPoint.value.get(point.point);
  return (
    <div class="point-page">
      <div class="point-main">
        <div class="page-head">
          <p class="overline">{point.device_name}</p>
          <h1>{point.label}</h1>
        </div>
        <NowCard point={point} />
        {alarm ? (
          <ul class="cards">
            <AlarmCard alarm={alarm} />
          </ul>
        ) : null}
        <CourseCard point={point} />
      </div>
      <div class="point-side">
        <LimitList point={point} />
        <AboutPoint point={point} />
      </div>
    </div>
  );
}

function Body({ id }: { id: string }): VNode {
  const item = points.value.get(id);
  if (item) return <Found point={item.value} />;
  if (pointsStatus.value === "loading") return <Loading rows={4} />;
  if (pointsStatus.value === "failed")
    return <RetryState {...loadFailureText()} onRetry={wakeLive} />;
  return (
    <StateMessage alone title={t("point.unknown")} help={t("point.unknown_help")} icon="search">
      <a class="button" href="/live">
        {t("point.all")}
      </a>
    </StateMessage>
  );
}

export function PointScreen({ device, metric }: { device: string; metric: string }): VNode {
  return (
    <>
      <button type="button" class="back-button" onClick={() => goBack("/live")}>
        <Icon name="back" />
        {t("point.all")}
      </button>
      <Body id={`${device}/${metric}`} />
    </>
  );
}
