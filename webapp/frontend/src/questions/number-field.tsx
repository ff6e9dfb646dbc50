import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { formatShort, unitLabel, withUnit } from "../i18n/format";
import { t } from "../i18n/t";
import { parseDecimal } from "../lib/decimal";
import type { Typed } from "../lib/typing";

export interface Bounds {
  min: number | null;
  max: number | null;
}

export type Judged =
  | { ok: true; number: number; text: string }
  | { ok: false; empty: boolean; why: string };

/** What was typed, as a number that may be recorded, or why not. */
export function judgeNumber(text: string, { min, max }: Bounds): Judged {
  const found = parseDecimal(text);
  if (!found.ok) {
    if (found.why === "empty") return { ok: false, empty: true, why: "" };
    const why =
      found.why === "ambiguous"
        ? t("number.ambiguous", { whole: found.whole, decimal: found.decimal })
        : t("number.not-a-number");
    return { ok: false, empty: false, why };
  }
  const { number } = found;
  if (min !== null && number < min)
    return { ok: false, empty: false, why: t("number.too_low", { min: formatShort(min) }) };
  if (max !== null && number > max)
    return { ok: false, empty: false, why: t("number.too_high", { max: formatShort(max) }) };
  return { ok: true, number, text: text.trim() };
}

interface Props {
  label: string;
  unit: string;
  typed: Typed;
  bounds: Bounds;
  hint?: string;
  testId: string;
}

/** A big field for a keypad. While a number is half typed, nothing is called wrong yet: only when it rests. */
export function NumberField({ label, unit, typed, bounds, hint, testId }: Props): VNode {
  const id = useId();
  const text = typed.text.value;
  const judged = judgeNumber(text, bounds);
  const unfinished = /[.,\s-]$/.test(text);
  const wrong = !judged.ok && !judged.empty && !unfinished ? judged.why : "";
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <span class="input-unit">
        <input
          class="input input-number"
          id={id}
          type="text"
          inputMode="decimal"
          autocomplete="off"
          enterkeyhint="done"
          data-testid={testId}
          aria-invalid={wrong !== ""}
          aria-describedby={`${id}-help`}
          value={text}
          onInput={(event) => typed.input(event.currentTarget.value)}
          onBlur={typed.flush}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
          }}
        />
        {unit ? <span class="input-unit-text">{unitLabel(unit)}</span> : null}
      </span>
      <span class="field-hint" id={`${id}-help`}>
        {wrong ? null : judged.ok && judged.text.includes(",") ? readAs(judged.number, unit) : hint}
      </span>
      {wrong ? (
        <p class="form-error" role="alert">
          {wrong}
        </p>
      ) : null}
    </div>
  );
}

function readAs(number: number, unit: string): string {
  return t("number.is", { value: withUnit(String(number), unit || null) });
}
