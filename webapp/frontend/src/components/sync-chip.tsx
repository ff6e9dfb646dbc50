import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { t } from "../i18n/t";
import { summary } from "../sync/status";
import type { SyncSummary } from "../work/types";
import { lazyComponent } from "./lazy";
import { RetryState } from "./states";
import { WhereShape } from "./where";

const SyncSheet = lazyComponent<{ onClose: () => void }>(
  () => import("./sync-sheet"),
  () => <></>,
  (retry) => <RetryState title={t("app.part_failed")} onRetry={retry} />,
);

export function chipText({ state, waiting, refused, current, total }: SyncSummary): {
  long: string;
  short: string;
} {
  switch (state) {
    case "phone":
      // Also while what is here cannot be read: then nothing is counted, and nothing claimed.
      if (waiting === 0) return { long: t("where.phone"), short: t("sync.phone_none") };
      return {
        long: t("sync.phone", { count: waiting }),
        short: t("sync.phone_short", { count: waiting }),
      };
    case "sending":
      return {
        long: t("sync.sending", { current, total }),
        short: t("sync.sending_short", { current, total }),
      };
    case "attention":
      return {
        long: refused > 0 ? t("sync.attention_count", { count: refused }) : t("where.attention"),
        short: t("sync.attention_short"),
      };
    default:
      return { long: t("where.server"), short: t("where.server") };
  }
}

/** On every screen: whether what was recorded here has left the phone. */
export function SyncChip(): VNode {
  const open = useSignal(false);
  const { state } = summary.value;
  const text = chipText(summary.value);
  return (
    <>
      <span
        class={`sync-chip sync-${state}`}
        role="status"
        data-testid="sync-chip"
        data-state={state}
      >
        <button
          type="button"
          class="chip"
          aria-haspopup="dialog"
          onClick={() => {
            open.value = true;
          }}
        >
          <WhereShape state={state} />
          <span class="chip-long">{text.long}</span>
          <span class="chip-short" aria-hidden="true">
            {text.short}
          </span>
        </button>
      </span>
      {open.value ? (
        <SyncSheet
          onClose={() => {
            open.value = false;
          }}
        />
      ) : null}
    </>
  );
}
