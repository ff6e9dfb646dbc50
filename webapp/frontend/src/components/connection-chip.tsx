import type { VNode } from "preact";
import { formatClock } from "../i18n/format";
import { t } from "../i18n/t";
import { serverNow } from "../store/clock";
import { downSince, liveState } from "../store/live";
import { zone } from "../store/session";

function chipText(): string {
  const time = formatClock(downSince.value ?? serverNow(), zone.value);
  switch (liveState.value) {
    case "offline":
      return t("conn.offline", { time });
    case "failing":
      return t("conn.failing", { time });
    default:
      return t(`conn.${liveState.value}`);
  }
}

function chipHelp(): string | undefined {
  if (liveState.value === "live") return t("conn.live_help");
  return liveState.value === "polling" ? t("conn.polling_help") : undefined;
}

export function ConnectionChip(): VNode {
  const state = liveState.value;
  return (
    <span
      class={`chip chip-connection chip-${state}`}
      role="status"
      data-testid="connection"
      data-state={state}
      title={chipHelp()}
    >
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {state === "live" ? <circle class="chip-fill" cx="8" cy="8" r="5" /> : null}
        {state === "connecting" || state === "polling" ? (
          <path class="chip-line" d="M13 8a5 5 0 1 1-2-4M11 1v3h-3" />
        ) : null}
        {state === "offline" || state === "failing" ? <path class="chip-line" d="M3 8h10" /> : null}
      </svg>
      <span class="chip-long">{chipText()}</span>
      {state === "offline" || state === "failing" ? (
        <span class="chip-short" aria-hidden="true">
          {t(`conn.${state}_short`)}
        </span>
      ) : null}
    </span>
  );
}
