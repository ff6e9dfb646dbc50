import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Alarm, OpKind } from "../api/types";
import { alarmTitle, alarmValue, peakName } from "../components/alarm-title";
import { Icon } from "../components/icons";
import { AlarmStateText, PriorityMark, PriorityWord } from "../components/marks";
import { OpSheet } from "../components/op-sheet";
import { Loading, RetryState, StateMessage } from "../components/states";
import { Since, When } from "../components/time";
import { Timeline } from "../components/timeline";
import { formatNumber, formatShort, withUnit } from "../i18n/format";
import { t } from "../i18n/t";
import { aspectPath, goBack, pointPath } from "../router";
import { closeDetail, detail, knownAlarm, openDetail, refreshDetail } from "../store/alarms";
import { pendingFor } from "../store/ops";
import { points } from "../store/points";
import { mayAct } from "../store/session";

function Fact({ name, children }: { name: string; children: ComponentChildren }): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function ValueNow({ alarm }: { alarm: Alarm }): VNode | null {
  const point = alarm.point ? points.value.get(alarm.point)?.value : undefined;
  if (!point || point.value === null) return null;
  return (
    <Fact name={t("alarm.now")}>
      {withUnit(
        formatNumber(point.value, point.precision),
        point.unit === point.label ? null : point.unit,
      )}
    </Fact>
  );
}

function AcknowledgedFact({ alarm }: { alarm: Alarm }): VNode | null {
  if (!alarm.acknowledged_at) return null;
  return (
    <Fact name={t("alarm.acknowledged")}>
      <When at={alarm.acknowledged_at} />
      {alarm.acknowledged_by ? ` · ${alarm.acknowledged_by}` : ""}
    </Fact>
  );
}

function Facts({ alarm }: { alarm: Alarm }): VNode {
  const peak = alarmValue(alarm, alarm.peak);
  return (
    <dl class="facts">
      <ValueNow alarm={alarm} />
      {peak ? <Fact name={peakName(alarm)}>{peak}</Fact> : null}
      {alarm.threshold === null ? null : (
        <Fact name={t(`level_title.${alarm.level}`)}>
          {withUnit(formatShort(alarm.threshold), alarm.unit === alarm.label ? null : alarm.unit)}
        </Fact>
      )}
      <Fact name={t("alarm.raised")}>
        <When at={alarm.raised_at} />
        {alarm.condition === "active" ? (
          <span class="quiet">
            {" "}
            <Since from={alarm.raised_at} />
          </span>
        ) : null}
      </Fact>
      {alarm.cleared_at ? (
        <Fact name={t("alarm.cleared")}>
          <When at={alarm.cleared_at} />
        </Fact>
      ) : null}
      <AcknowledgedFact alarm={alarm} />
      {alarm.location ? <Fact name={t("point.location")}>{alarm.location.path}</Fact> : null}
      {alarm.aspect ? (
        <Fact name={t("point.aspect")}>
          <a class="aspect-link" href={aspectPath(alarm.aspect.id)}>
            {alarm.aspect.name}
          </a>
        </Fact>
      ) : null}
    </dl>
  );
}

function Actions({ alarm }: { alarm: Alarm }): VNode | null {
  const open = useSignal<OpKind | null>(null);
  if (!mayAct.value) return null;
  const sent = pendingFor(alarm.id).some((pending) => pending.op === "acknowledge");
  const mayAcknowledge = alarm.acknowledgement === "unacked" && alarm.state !== "normal";
  return (
    <div class="action-bar">
      {mayAcknowledge ? (
        <button
          type="button"
          class="button button-primary button-large"
          data-testid="acknowledge"
          disabled={sent}
          onClick={() => {
            open.value = "acknowledge";
          }}
        >
          <Icon name={sent ? "clock" : "check"} />
          {sent ? t("op.waiting") : t("op.acknowledge")}
        </button>
      ) : null}
      <button
        type="button"
        class="button button-large"
        data-testid="comment"
        onClick={() => {
          open.value = "comment";
        }}
      >
        <Icon name="note" />
        {t("op.comment")}
      </button>
      {open.value ? (
        <OpSheet
          alarm={alarm.id}
          title={alarmTitle(alarm)}
          op={open.value}
          onClose={() => {
            open.value = null;
          }}
        />
      ) : null}
    </div>
  );
}

function PointLink({ alarm }: { alarm: Alarm }): VNode | null {
  const [device, metric] = alarm.point?.split("/") ?? [];
  if (!device || !metric || !points.value.has(`${device}/${metric}`)) return null;
  return (
    <a class="button button-wide" href={pointPath(device, metric)}>
      <Icon name="live" />
      {t("alarm.see_point")}
    </a>
  );
}

function Found({ alarm, complete }: { alarm: Alarm; complete: boolean }): VNode {
  return (
    <article class="detail" aria-labelledby="alarm-title">
      <header class={`detail-head alarm-${alarm.priority}`}>
        <PriorityMark priority={alarm.priority} size={40} />
        <div>
          <h1 id="alarm-title">{alarmTitle(alarm)}</h1>
          {alarm.device_name ? <p class="quiet">{alarm.device_name}</p> : null}
          <p class="detail-tags">
            <PriorityWord priority={alarm.priority} />
            <AlarmStateText state={alarm.state} />
          </p>
        </div>
      </header>
      {alarm.message ? <p class="detail-message">{alarm.message}</p> : null}
      <Facts alarm={alarm} />
      <PointLink alarm={alarm} />
      <h2>{t("alarm.history")}</h2>
      {complete ? <Timeline alarm={alarm} /> : <p class="quiet">{t("alarm.offline_part")}</p>}
      <Actions alarm={alarm} />
    </article>
  );
}

function Body({ id }: { id: string }): VNode {
  const { status, data, failure } = detail.state.value;
  if (data && data.id === id) return <Found alarm={data} complete={true} />;
  const known = knownAlarm(id);
  if (status === "loading")
    return known ? <Found alarm={known} complete={false} /> : <Loading rows={4} />;
  if (failure === "missing") {
    return (
      <StateMessage alone title={t("alarm.unknown")} help={t("alarm.unknown_help")} icon="search" />
    );
  }
  if (known) return <Found alarm={known} complete={false} />;
  return <RetryState title={t("alarm.load_failed")} onRetry={() => void refreshDetail()} />;
}

export function AlarmDetail({ id, from }: { id: string; from: string }): VNode {
  useEffect(() => {
    void openDetail(id);
    return () => closeDetail(id);
  }, [id]);
  return (
    <>
      <button type="button" class="back-button" onClick={() => goBack(from)}>
        <Icon name="back" />
        {t("alarms.title")}
      </button>
      <Body id={id} />
    </>
  );
}
