import type { VNode } from "preact";
import type { Alarm } from "../api/types";
import { formatSpan } from "../i18n/format";
import { t } from "../i18n/t";
import { alarmPath } from "../router";
import { pendingFor } from "../store/ops";
import { alarmTitle, alarmValue, peakName } from "./alarm-title";
import { AlarmStateText, PriorityMark, PriorityWord } from "./marks";
import { Since, When } from "./time";

function Duration({ alarm }: { alarm: Alarm }): VNode {
  if (alarm.condition === "active" || !alarm.cleared_at) return <Since from={alarm.raised_at} />;
  const span = (Date.parse(alarm.cleared_at) - Date.parse(alarm.raised_at)) / 1000;
  return <>{t("alarm.lasted", { span: formatSpan(span) })}</>;
}

export function AlarmCard({ alarm, current = false }: { alarm: Alarm; current?: boolean }): VNode {
  const unacked = alarm.acknowledgement === "unacked" && alarm.state !== "normal";
  const peak = alarmValue(alarm, alarm.peak);
  const waiting = pendingFor(alarm.id).length > 0;
  return (
    <li>
      <a
        class={`alarm-card alarm-${alarm.priority} ${unacked ? "is-unacked" : ""} ${alarm.state === "normal" ? "is-ended" : ""}`}
        href={alarmPath(alarm.id, alarm.state === "normal")}
        data-testid={`alarm-${alarm.id}`}
        aria-current={current ? "page" : undefined}
      >
        <PriorityMark priority={alarm.priority} />
        <span class="alarm-main">
          <span class="alarm-title">{alarmTitle(alarm)}</span>
          <span class="alarm-place">
            {[alarm.device_name, alarm.location?.path].filter(Boolean).join(" · ")}
          </span>
          <span class="alarm-line">
            <PriorityWord priority={alarm.priority} />
            <AlarmStateText state={alarm.state} />
            {waiting ? <span class="pending">{t("op.waiting")}</span> : null}
          </span>
          <span class="alarm-line alarm-meta">
            <span>
              {t("alarm.raised")} <When at={alarm.raised_at} />, <Duration alarm={alarm} />
            </span>
            {peak ? (
              <span>
                {peakName(alarm)} {peak}
              </span>
            ) : null}
          </span>
        </span>
      </a>
    </li>
  );
}
