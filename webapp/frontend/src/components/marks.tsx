import type { VNode } from "preact";
import type { Alarm, Priority } from "../api/types";
import { t, tData } from "../i18n/t";
import type { QualityView } from "../lib/quality";

/** Shape tells the priority as well as colour does: octagon, triangle, diamond, circle. */
const PRIORITY_SHAPE: Record<Priority, string> = {
  critical: "M8.2 2h7.6L22 8.2v7.6L15.8 22H8.2L2 15.8V8.2z",
  high: "M12 2.5 22.5 21h-21z",
  medium: "M12 1.5 22.5 12 12 22.5 1.5 12z",
  low: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20z",
};
const STROKE: Record<Priority, string> = {
  critical: "M12 6.5v7M12 17.2v.01",
  high: "M12 9v5.5M12 17.7v.01",
  medium: "M12 7v6M12 16.5v.01",
  low: "M12 11v6M12 7.3v.01",
};

export function PriorityMark({
  priority,
  size = 28,
}: {
  priority: Priority;
  size?: number;
}): VNode {
  return (
    <svg
      class={`priority-mark priority-${priority}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
    >
      <path class="priority-shape" d={PRIORITY_SHAPE[priority] ?? PRIORITY_SHAPE.low} />
      <path class="priority-sign" d={STROKE[priority] ?? STROKE.low} />
    </svg>
  );
}

export function PriorityWord({ priority }: { priority: Priority }): VNode {
  return (
    <span class={`tag tag-${priority}`}>
      {tData("priority", priority)}
      <span class="sr-only"> {t("priority.word")}</span>
    </span>
  );
}

const STATE_ICON: Record<Alarm["state"], string> = {
  active_unacked: "M12 12m-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0",
  active_acked: "M12 12m-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0M8.5 12l2.5 2.5 4.5-4.5",
  cleared_unacked: "M5 12h14",
  normal: "M5 12.5l4.5 4.5L19 7.5",
};

export function AlarmStateText({ state }: { state: Alarm["state"] }): VNode {
  return (
    <span class={`alarm-state alarm-state-${state}`}>
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        <path d={STATE_ICON[state]} />
      </svg>
      {t(`alarm.state.${state}`)}
    </span>
  );
}

export function qualityText({ quality, reasons }: QualityView): string {
  const word = t(`quality.${quality}`);
  if (reasons.length === 0) return word;
  const list = reasons.map((reason) => tData("reason", reason)).join(", ");
  return t("quality.with_reason", { quality: word, reasons: list });
}

/** Nothing for a good value: the exception is what must catch the eye. */
export function QualityTag({ view }: { view: QualityView }): VNode | null {
  if (view.quality === "good") return null;
  return (
    <span class={`quality quality-${view.quality}`}>
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        {view.quality === "bad" ? (
          <path d="M4 4h16v16H4zM8.5 8.5l7 7M15.5 8.5l-7 7" />
        ) : (
          <path d="M12 3.5 20.5 12 12 20.5 3.5 12zM8.5 13c1-2 2.5-2 3.5-1s2.5 1 3.5-1" />
        )}
      </svg>
      {qualityText(view)}
    </span>
  );
}
