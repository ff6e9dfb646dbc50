import type { VNode } from "preact";
import { t } from "../i18n/t";
import { useTyped } from "../lib/typing";
import type { InputProps, QuestionType } from "./type";

const REST_MS = 1500;

function Input({ answer, save, draft }: InputProps): VNode {
  const value = answer?.value;
  const typed = useTyped({
    name: `${draft}.text`,
    stored: value && "text" in value && !("number" in value) ? value.text : "",
    save: (text) => save({ value: text.trim() ? { text } : null }),
    delay: REST_MS,
  });
  return (
    <label class="field">
      <span class="field-label">{t("text.label")}</span>
      <textarea
        class="input input-answer"
        rows={4}
        maxLength={5000}
        data-testid="answer-text"
        value={typed.text.value}
        onInput={(event) => typed.input(event.currentTarget.value)}
        onBlur={typed.flush}
      />
      <span class="field-hint">{t("note.hint")}</span>
    </label>
  );
}

export const text: QuestionType = {
  Input,
  text: (_item, { value }) => (value && "text" in value && !("number" in value) ? value.text : ""),
  keys: () => t("item.keys"),
};
