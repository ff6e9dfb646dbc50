import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { OutcomeShape } from "../components/outcome-mark";
import { t } from "../i18n/t";
import { useKeys } from "../lib/keys";
import type { InputProps, QuestionType } from "./type";

const CHOICES = ["pass", "fail", "na"] as const;
type Choice = (typeof CHOICES)[number];
const KEYS: Record<string, Choice> = {
  1: "pass",
  p: "pass",
  2: "fail",
  f: "fail",
  3: "na",
  n: "na",
};
const REASONS = ["check.reason_unused", "check.reason_absent", "check.reason_access"] as const;

interface ReasonProps {
  onReason: (reason: string) => void;
  onCancel: () => void;
}

/** "Not applicable" is saved with its reason or not at all; most reasons are one tap. */
export function Reason({ onReason, onCancel }: ReasonProps): VNode {
  const own = useSignal("");
  return (
    <fieldset class="reason" data-testid="na-reason">
      <legend class="reason-title">{t("check.why")}</legend>
      <p class="quiet">{t("check.why_hint")}</p>
      <div class="answers">
        {REASONS.map((reason) => (
          <button
            key={reason}
            type="button"
            class="answer answer-slim"
            onClick={() => onReason(t(reason))}
          >
            {t(reason)}
          </button>
        ))}
      </div>
      <label class="field">
        <span class="field-label">{t("check.why_own")}</span>
        <textarea
          class="input"
          rows={2}
          maxLength={5000}
          data-testid="na-own"
          value={own.value}
          onInput={(event) => {
            own.value = event.currentTarget.value;
          }}
        />
      </label>
      <div class="button-row">
        <button type="button" class="button" onClick={onCancel}>
          {t("check.why_cancel")}
        </button>
        <button
          type="button"
          class="button button-primary"
          data-testid="na-save"
          disabled={own.value.trim() === ""}
          onClick={() => onReason(own.value.trim())}
        >
          {t("check.why_save")}
        </button>
      </div>
    </fieldset>
  );
}

function Input({ answer, save }: InputProps): VNode {
  const asking = useSignal(false);
  const value = answer?.value;
  const chosen = value && "choice" in value ? value.choice : null;
  const choose = (choice: Choice): void => {
    asking.value = choice === "na" && chosen !== "na";
    // A glove taps twice: the second tap on the same answer changes nothing.
    if (choice === "na" || choice === chosen) return;
    // The reason why it did not apply says nothing about a pass or a fail.
    void save({ value: { choice }, ...(chosen === "na" ? { note: "" } : {}) });
  };
  useKeys((key) => {
    const choice = KEYS[key.toLowerCase()];
    if (choice) choose(choice);
    return choice !== undefined;
  });
  if (asking.value) {
    return (
      <Reason
        onCancel={() => {
          asking.value = false;
        }}
        onReason={(note) => {
          void save({ value: { choice: "na" }, note }).then((kept) => {
            if (kept) asking.value = false;
          });
        }}
      />
    );
  }
  return (
    <div class="answers">
      {CHOICES.map((choice) => (
        <button
          key={choice}
          type="button"
          class={`answer answer-${choice}`}
          data-testid={`answer-${choice}`}
          aria-pressed={chosen === choice}
          onClick={() => choose(choice)}
        >
          <OutcomeShape outcome={choice} size={28} />
          {t(`check.${choice}`)}
          {choice === "na" ? <span class="sr-only"> ({t("check.na_long")})</span> : null}
        </button>
      ))}
    </div>
  );
}

export const check: QuestionType = {
  Input,
  text: (_item, { value }) => (value && "choice" in value ? t(`check.${value.choice}`) : ""),
  keys: () => t("item.keys_check"),
};
