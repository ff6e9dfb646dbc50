import type { VNode } from "preact";
import { OutcomeShape } from "../components/outcome-mark";
import { t } from "../i18n/t";
import { useKeys } from "../lib/keys";
import type { Item, Option, Value } from "../work/types";
import type { InputProps, QuestionType } from "./type";

const chosenOf = (value: Value | null | undefined): string[] =>
  value && "options" in value ? value.options : [];

/** In the template's order, whatever the order of the taps. */
function toggled(item: Item, chosen: string[], id: string): string[] {
  if (!item.multiple) return [id];
  const next = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
  return (item.options ?? []).map((option) => option.id).filter((one) => next.includes(one));
}

function Choice({
  option,
  on,
  multiple,
  onClick,
}: {
  option: Option;
  on: boolean;
  multiple: boolean;
  onClick: () => void;
}): VNode {
  return (
    <button
      type="button"
      class={`answer answer-option answer-${option.outcome}`}
      data-testid={`option-${option.id}`}
      aria-pressed={on}
      onClick={onClick}
    >
      <span class={multiple ? "answer-box" : "answer-dot"} aria-hidden="true" />
      <span class="answer-label">{option.label}</span>
      {option.outcome === "neutral" ? null : (
        <>
          <OutcomeShape outcome={option.outcome} size={22} />
          <span class="sr-only">{t(`outcome.${option.outcome}`)}</span>
        </>
      )}
    </button>
  );
}

function Input({ item, answer, save }: InputProps): VNode {
  const options = item.options ?? [];
  const multiple = item.multiple ?? false;
  const chosen = chosenOf(answer?.value);
  const choose = (id: string): void => {
    if (!multiple && chosen.includes(id)) return;
    const next = toggled(item, chosen, id);
    void save({ value: next.length > 0 ? { options: next } : null });
  };
  useKeys((key) => {
    const option = options[Number(key) - 1];
    if (option) choose(option.id);
    return option !== undefined;
  });
  return (
    <>
      {multiple ? <p class="answer-hint">{t("choice.some")}</p> : null}
      <div class="answers">
        {options.map((option) => (
          <Choice
            key={option.id}
            option={option}
            on={chosen.includes(option.id)}
            multiple={multiple}
            onClick={() => choose(option.id)}
          />
        ))}
      </div>
    </>
  );
}

export const choice: QuestionType = {
  Input,
  text: (item, { value }) =>
    (item.options ?? [])
      .filter((option) => chosenOf(value).includes(option.id))
      .map((option) => option.label)
      .join(", "),
  keys: (item) => t("item.keys_choice", { count: Math.min(9, item.options?.length ?? 0) }),
};
