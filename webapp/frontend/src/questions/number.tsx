import type { VNode } from "preact";
import { formatNumber, formatShort, unitLabel, withUnit } from "../i18n/format";
import { t } from "../i18n/t";
import { useTyped } from "../lib/typing";
import type { Item } from "../work/types";
import { judgeNumber, NumberField } from "./number-field";
import type { InputProps, QuestionType } from "./type";

const REST_MS = 1200;

const unitOf = (item: Item): string => (item.unit === "pH" ? "" : (item.unit ?? ""));

/** What is expected, told before anything is typed. */
export function ruleText(item: Item): string {
  const low = item.low ?? null;
  const high = item.high ?? null;
  const value = (number: number): string => withUnit(formatShort(number), unitOf(item) || null);
  if (low !== null && high !== null)
    return t("number.rule_between", { low: formatShort(low), high: value(high) });
  if (low !== null) return t("number.rule_low", { low: value(low) });
  return high === null ? "" : t("number.rule_high", { high: value(high) });
}

function Input({ item, answer, save, draft }: InputProps): VNode {
  const value = answer?.value;
  const bounds = { min: item.min ?? null, max: item.max ?? null };
  const unit = unitOf(item);
  const typed = useTyped({
    name: `${draft}.number`,
    stored: value && "number" in value ? value.text : "",
    save: (text) => {
      const judged = judgeNumber(text, bounds);
      if (judged.ok) return save({ value: { number: judged.number, text: judged.text } });
      // A slip is not recorded and not forgotten: it stays in the field, with what is wrong.
      return judged.empty ? save({ value: null }) : Promise.resolve(false);
    },
    delay: REST_MS,
  });
  return (
    <NumberField
      label={unit ? t("number.with_unit", { unit: unitLabel(unit) }) : t("number.label")}
      unit={unit}
      typed={typed}
      bounds={bounds}
      hint={ruleText(item)}
      testId="answer-number"
    />
  );
}

export const number: QuestionType = {
  Input,
  text: (item, { value }) =>
    value && "number" in value
      ? withUnit(formatNumber(value.number, item.precision ?? 1), unitOf(item) || null)
      : "",
  keys: () => t("item.keys"),
};
