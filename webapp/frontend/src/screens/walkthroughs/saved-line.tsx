import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { Where } from "../../components/where";
import { formatClock, formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import type { Answer } from "../../work/types";
import type { Recorder, SaveState } from "./recorder";

function savedText(state: SaveState, answer: Answer | null): string {
  if (state.kind === "saving") return t("item.saving");
  if (state.kind === "saved") {
    const time = formatClock(state.at, zone.value);
    return t(state.undone ? "item.undone" : "item.saved", { time });
  }
  if (!answer) return "";
  const time = formatWhen(answer.answeredAt, zone.value, serverNow());
  return answer.here
    ? t("item.saved", { time })
    : t("item.answered_by", { name: answer.author.name, time });
}

/** The proof of each tap, and the way to take it back. */
export function SavedLine({
  recorder,
  answer,
  readOnly = false,
}: {
  recorder: Recorder;
  answer: Answer | null;
  readOnly?: boolean;
}): VNode {
  const state = recorder.state.value;
  const text = savedText(state, answer);
  return (
    <div class="saved-line">
      {state.kind === "failed" ? (
        <p class="form-error" role="alert" data-testid="save-failed">
          {state.why}
        </p>
      ) : (
        <p class="saved" role="status" data-testid="saved" data-state={state.kind}>
          <span>{text}</span>
          {answer && state.kind !== "saving" ? <Where kind="answer" id={answer.id} /> : null}
        </p>
      )}
      {answer?.here && !readOnly && state.kind !== "saving" ? (
        <button
          type="button"
          class="link-button undo"
          data-testid="undo"
          onClick={() => void recorder.undo()}
        >
          <Icon name="undo" size={20} />
          {t("item.undo")}
        </button>
      ) : null}
    </div>
  );
}
