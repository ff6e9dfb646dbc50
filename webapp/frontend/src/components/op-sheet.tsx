import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { OpKind } from "../api/types";
import { t } from "../i18n/t";
import { newOpId, sendOp } from "../store/ops";
import { Sheet } from "./sheet";

interface Props {
  alarm: string;
  title: string;
  op: OpKind;
  onClose: () => void;
}

/** The note stays in the form until the server has it; the same id makes a second try harmless. */
export function OpSheet({ alarm, title, op, onClose }: Props): VNode {
  const id = useRef(newOpId());
  const note = useSignal("");
  const busy = useSignal(false);
  const error = useSignal("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    const text = note.value.trim();
    if (op === "comment" && !text) {
      error.value = t("op.empty_comment");
      return;
    }
    busy.value = true;
    error.value = "";
    const result = await sendOp(alarm, op, text, id.current);
    busy.value = false;
    if (result.ok) onClose();
    else
      error.value = result.reachable
        ? t("op.refused", { detail: result.detail })
        : t("op.unreachable");
  };
  return (
    <Sheet title={op === "acknowledge" ? t("op.acknowledge") : t("op.comment")} onClose={onClose}>
      <form class="op-form" onSubmit={(event) => void send(event)}>
        <p class="op-subject">{title}</p>
        <label class="field">
          <span class="field-label">
            {op === "acknowledge" ? t("op.note_optional") : t("op.note")}
          </span>
          <textarea
            class="input"
            rows={3}
            data-testid="note"
            maxLength={2000}
            value={note.value}
            onInput={(event) => {
              note.value = event.currentTarget.value;
            }}
          />
          <span class="field-hint">{t("op.note_hint")}</span>
        </label>
        {error.value ? (
          <p class="form-error" role="alert">
            {error.value}
          </p>
        ) : null}
        <button
          type="submit"
          class="button button-primary button-large button-wide"
          data-testid="send-op"
          disabled={busy.value}
        >
          {busy.value
            ? t("op.sending")
            : op === "acknowledge"
              ? t("op.send_acknowledge")
              : t("op.send_comment")}
        </button>
      </form>
    </Sheet>
  );
}
