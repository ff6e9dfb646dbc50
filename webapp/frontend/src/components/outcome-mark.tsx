import type { VNode } from "preact";
import { t } from "../i18n/t";
import type { Outcome } from "../work/types";

/** Ring or plate, tick, cross or dash: told apart without any colour. */
const SHAPE: Record<Outcome, string> = {
  pass: "M7 12.5l3.5 3.5L17 8.5",
  fail: "M8 8l8 8M16 8l-8 8",
  na: "M7.5 12h9",
  neutral: "M12 12v.01",
  unanswered: "",
};
const PLATE: Record<Outcome, string> = {
  pass: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20z",
  fail: "M2.5 2.5h19v19h-19z",
  na: "M2 7.5h20v9H2z",
  neutral: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20z",
  unanswered: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
};

export function OutcomeShape({ outcome, size = 24 }: { outcome: Outcome; size?: number }): VNode {
  return (
    <svg
      class={`outcome-shape outcome-${outcome}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
    >
      <path class="outcome-plate" d={PLATE[outcome]} />
      <path class="outcome-sign" d={SHAPE[outcome]} />
    </svg>
  );
}

export function OutcomeMark({ outcome }: { outcome: Outcome }): VNode {
  return (
    <span class={`outcome outcome-word-${outcome}`}>
      <OutcomeShape outcome={outcome} size={20} />
      {t(`outcome.${outcome}`)}
    </span>
  );
}
