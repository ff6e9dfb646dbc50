import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Alarm } from "../api/types";
import { AlarmCard } from "../components/alarm-card";
import { Loading, RetryState, StateMessage } from "../components/states";
import { t } from "../i18n/t";
import {
  alarmsStatus,
  ended,
  endedFailure,
  loadEnded,
  loadMoreEnded,
  openAlarms,
} from "../store/alarms";
import { wakeLive } from "../store/live";
import { site } from "../store/session";
import { AlarmDetail } from "./alarm-detail";

function Cards({ alarms, current }: { alarms: Alarm[]; current: string | null }): VNode {
  return (
    <ul class="cards">
      {alarms.map((alarm) => (
        <AlarmCard key={alarm.id} alarm={alarm} current={alarm.id === current} />
      ))}
    </ul>
  );
}

function OpenList({ current }: { current: string | null }): VNode {
  const alarms = openAlarms.value;
  if (alarms.length > 0) return <Cards alarms={alarms} current={current} />;
  if (alarmsStatus.value === "loading") return <Loading rows={3} />;
  if (alarmsStatus.value === "failed")
    return <RetryState title={t("alarms.load_failed")} onRetry={wakeLive} />;
  return (
    <StateMessage
      title={t("alarms.none_open")}
      help={t("alarms.none_open_help")}
      icon="check"
      tone="good"
    />
  );
}

function EndedList({ current }: { current: string | null }): VNode {
  const siteId = site.value?.id ?? "";
  useEffect(() => void loadEnded(siteId), [siteId]);
  const { status, data, failure } = ended.state.value;
  if (!data) {
    if (status === "loading") return <Loading rows={3} />;
    const title = failure === "unreachable" ? t("alarms.ended_offline") : t("alarms.load_failed");
    return <RetryState title={title} onRetry={() => void loadEnded(siteId)} />;
  }
  if (data.items.length === 0) {
    return (
      <StateMessage
        title={t("alarms.none_ended")}
        help={t("alarms.none_ended_help")}
        icon="clock"
      />
    );
  }
  return (
    <>
      <Cards alarms={data.items} current={current} />
      {endedFailure.value ? (
        <p class="form-error" role="alert">
          {t("alarms.load_failed")}
        </p>
      ) : null}
      {data.next ? (
        <button type="button" class="button button-wide" onClick={() => void loadMoreEnded(siteId)}>
          {t("app.more")}
        </button>
      ) : null}
    </>
  );
}

function Tabs({ showEnded }: { showEnded: boolean }): VNode {
  const count = openAlarms.value.length;
  return (
    <nav class="tabs" aria-label={t("alarms.title")}>
      <a href="/alarms" aria-current={showEnded ? undefined : "page"}>
        {t("alarms.open")}
        {count > 0 ? <span class="tab-count">{count}</span> : null}
      </a>
      <a href="/alarms?ended" aria-current={showEnded ? "page" : undefined}>
        {t("alarms.ended")}
      </a>
    </nav>
  );
}

/** On a wide screen list and detail stand side by side; on a phone the detail takes the page. */
export function Alarms({
  selected,
  showEnded,
}: {
  selected: string | null;
  showEnded: boolean;
}): VNode {
  return (
    <div class={selected ? "split split-detail" : "split"}>
      <section class="split-list" aria-labelledby="alarms-title">
        <h1 id="alarms-title">{t("alarms.title")}</h1>
        <Tabs showEnded={showEnded} />
        {showEnded ? <EndedList current={selected} /> : <OpenList current={selected} />}
      </section>
      <div class="split-main">
        {selected ? (
          <AlarmDetail
            key={selected}
            id={selected}
            from={showEnded ? "/alarms?ended" : "/alarms"}
          />
        ) : (
          <StateMessage title={t("alarms.choose")} icon="alarms" />
        )}
      </div>
    </div>
  );
}
