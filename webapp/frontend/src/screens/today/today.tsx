import { computed } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { AlarmCard } from "../../components/alarm-card";
import { Icon } from "../../components/icons";
import { Loading, RetryState, StateMessage } from "../../components/states";
import { formatLongDay } from "../../i18n/format";
import { t } from "../../i18n/t";
import { startOfDay } from "../../lib/zone";
import { alarmsStatus, openAlarms } from "../../store/alarms";
import { now, serverNow } from "../../store/clock";
import { isDown, liveState, wakeLive } from "../../store/live";
import { points, pointsStatus } from "../../store/points";
import { site, zone } from "../../store/session";
import { loadSiteState } from "../../store/site-state";
import { type DayFigures, dayFigures, loadDayFigures } from "../../store/today";
import { loadFailureText } from "../live";
import { Attention } from "./attention";
import { Collection, collectionFails } from "./collection";
import { UseCard } from "./use-card";

/** Changes at the site's midnight and not with every second. */
const dayStart = computed(() => startOfDay(now.value, zone.value));

const SHOWN_ALARMS = 3;
const FIGURES_EVERY_MS = 2 * 60_000;
const STATE_EVERY_MS = 20_000;

function OpenAlarms(): VNode | null {
  const alarms = openAlarms.value;
  if (alarmsStatus.value !== "ready" && alarms.length === 0) return null;
  if (alarms.length === 0) {
    // Without any value, or when values do not arrive, nothing is known about the limits either.
    if (points.value.size === 0 || isDown(liveState.value) || collectionFails.value) return null;
    return (
      <section class="all-clear">
        <span class="all-clear-icon">
          <Icon name="check" size={28} />
        </span>
        <div>
          <h2>{t("today.no_alarms")}</h2>
          <p>{t("today.no_alarms_help")}</p>
        </div>
      </section>
    );
  }
  return (
    <section aria-labelledby="open-title">
      <h2 class="section-title" id="open-title">
        {t("today.open_alarms")} <span class="tab-count">{alarms.length}</span>
      </h2>
      <ul class="cards">
        {alarms.slice(0, SHOWN_ALARMS).map((alarm) => (
          <AlarmCard key={alarm.id} alarm={alarm} />
        ))}
      </ul>
      {alarms.length > SHOWN_ALARMS ? (
        <a class="button button-wide" href="/alarms">
          {t("today.all_alarms", { count: alarms.length })}
        </a>
      ) : null}
    </section>
  );
}

/** The figures of the day that is on the screen: after midnight yesterday's are not today's. */
function figuresOfToday(): DayFigures | null {
  const data = dayFigures.state.value.data;
  return data && startOfDay(data.at, zone.value) === dayStart.value ? data : null;
}

function Energy(): VNode | null {
  const data = figuresOfToday();
  if (!data) return null;
  return (
    <UseCard
      title={t("today.energy")}
      icon="bolt"
      uses={data.energy}
      at={data.at}
      note={t("today.energy_note")}
    />
  );
}

function Volume(): VNode | null {
  const data = figuresOfToday();
  if (!data) return null;
  return <UseCard title={t("today.volume")} icon="drop" uses={data.volume} at={data.at} />;
}

/** Figures need the list of points first; `ready` turns true once and starts them. */
function useFigures(ready: boolean, siteId: string, siteZone: string, day: number): void {
  useEffect(() => {
    if (!ready) return undefined;
    void loadSiteState();
    void loadDayFigures(siteZone);
    const figures = setInterval(() => void loadDayFigures(siteZone), FIGURES_EVERY_MS);
    const state = setInterval(() => void loadSiteState(), STATE_EVERY_MS);
    return () => {
      clearInterval(figures);
      clearInterval(state);
    };
  }, [ready, siteId, siteZone, day]);
}

function Body(): VNode {
  if (points.value.size === 0 && pointsStatus.value === "loading") return <Loading rows={4} />;
  if (points.value.size === 0 && pointsStatus.value === "failed") {
    return <RetryState {...loadFailureText()} onRetry={wakeLive} />;
  }
  return (
    <div class="today">
      <div class="today-main">
        {collectionFails.value ? <Collection /> : null}
        <OpenAlarms />
        {points.value.size === 0 ? (
          <StateMessage title={t("today.empty")} help={t("today.empty_help")} icon="live" />
        ) : null}
        <Attention />
        <Volume />
      </div>
      <div class="today-side">
        <Energy />
        {collectionFails.value ? null : <Collection />}
      </div>
    </div>
  );
}

function DateLine(): VNode {
  return <>{formatLongDay(now.value, zone.value)}</>;
}

export function Today(): VNode {
  const current = site.value;
  useFigures(pointsStatus.value === "ready", current?.id ?? "", zone.value, dayStart.value);
  return (
    <>
      <div class="page-head page-head-today">
        <p class="overline">{t("today.title")}</p>
        <h1>
          <span class="sr-only">{current?.name}: </span>
          <time dateTime={new Date(serverNow()).toISOString()}>
            <DateLine />
          </time>
        </h1>
      </div>
      <Body />
    </>
  );
}
