import type { VNode } from "preact";
import type { Alarm, Transition } from "../api/types";
import { formatSeconds, formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { now, serverNow } from "../store/clock";
import { type PendingOp, pendingFor } from "../store/ops";
import { zone } from "../store/session";
import { alarmValue } from "./alarm-title";
import { Icon, type IconName } from "./icons";

const STEP_ICON: Record<Transition["kind"], IconName> = {
  raised: "alarms",
  cleared: "down",
  acknowledged: "check",
  commented: "note",
};
const LATE_MS = 20_000;

function StepTime({ at }: { at: number }): VNode {
  const today = formatWhen(at, zone.value, serverNow());
  return (
    <time dateTime={new Date(at).toISOString()} title={formatSeconds(at, zone.value)}>
      {today}
    </time>
  );
}

function Step({ alarm, step }: { alarm: Alarm; step: Transition }): VNode {
  const value = alarmValue(alarm, step.value);
  return (
    <li class={`step step-${step.kind}`}>
      <span class="step-icon">
        <Icon name={STEP_ICON[step.kind] ?? "clock"} size={18} />
      </span>
      <div>
        <p class="step-head">
          <strong>{t(`step.${step.kind}`)}</strong>
          {value ? <span> {t("step.at_value", { value })}</span> : null}
        </p>
        <p class="quiet">
          <StepTime at={Date.parse(step.at)} />
          {step.by ? ` · ${step.by}` : ""}
        </p>
        {step.note ? <blockquote class="step-note">{step.note}</blockquote> : null}
      </div>
    </li>
  );
}

function PendingStep({ pending }: { pending: PendingOp }): VNode {
  const late = now.value - pending.doneAt > LATE_MS;
  return (
    <li class="step step-pending">
      <span class="step-icon">
        <Icon name="clock" size={18} />
      </span>
      <div>
        <p class="step-head" role="status">
          <strong>
            {t(pending.op === "acknowledge" ? "step.acknowledged" : "step.commented")}
          </strong>
          <span>: {t("step.pending")}</span>
        </p>
        {late ? <p class="quiet">{t("op.late")}</p> : null}
        {pending.note ? <blockquote class="step-note">{pending.note}</blockquote> : null}
      </div>
    </li>
  );
}

/** Newest last, as it happened; what is still on its way stands at the end. */
export function Timeline({ alarm }: { alarm: Alarm }): VNode {
  const steps = [...(alarm.transitions ?? [])].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return (
    <ol class="timeline">
      {steps.map((step) => (
        <Step key={step.id} alarm={alarm} step={step} />
      ))}
      {pendingFor(alarm.id).map((pending) => (
        <PendingStep key={pending.id} pending={pending} />
      ))}
    </ol>
  );
}
