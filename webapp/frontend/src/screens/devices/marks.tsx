import type { VNode } from "preact";
import type { OwnValue } from "../../api/device-types";
import { t } from "../../i18n/t";
import { charge, type Health, strength } from "../../lib/devices";
import { batteryText, signalText } from "./words";

/** Shape says the same as the word and the colour: a tick, a bar, a ring, a box. */
const SHAPE: Record<Health | "new", string> = {
  ok: "M3 8.500 6.500 12 13 4.500",
  silent: "M8 2 14.500 13.500h-13zM8 6.500v3.200M8 11.800v.01",
  never: "M8 13.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11z",
  retired: "M3 3h10v10H3zM6 8h4",
  new: "M8 3v10M3 8h10",
};

export function HealthMark({ health }: { health: Health | "new" }): VNode {
  return (
    <span class={`device-health device-${health}`} data-health={health}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={SHAPE[health]} />
      </svg>
      {t(`health.${health}`)}
    </span>
  );
}

export function Battery({ battery }: { battery: OwnValue }): VNode {
  const state = charge(battery);
  const part = battery.unit === "%" ? Math.max(0, Math.min(100, battery.value)) / 100 : 0;
  return (
    <span class={`device-own device-own-${state}`}>
      <svg viewBox="0 0 20 16" width="20" height="16" aria-hidden="true">
        <path class="own-line" d="M1.500 4h14v8h-14zM18 7v2" />
        <path class="own-fill" d={`M3 5.500h${(11 * part).toFixed(1)}v5H3z`} />
      </svg>
      {batteryText(battery)}
    </span>
  );
}

const BARS: Record<ReturnType<typeof strength>, number> = {
  strong: 3,
  fair: 2,
  weak: 1,
  unrated: 0,
};

export function Signal({ signal }: { signal: OwnValue }): VNode {
  const state = strength(signal);
  return (
    <span class={`device-own device-own-${state}`}>
      <svg viewBox="0 0 20 16" width="20" height="16" aria-hidden="true">
        {[0, 1, 2].map((bar) => (
          <path
            key={bar}
            class={bar < BARS[state] ? "own-fill" : "own-line"}
            d={`M${3 + bar * 5.5} ${11 - bar * 3.5}h3V14h-3z`}
          />
        ))}
      </svg>
      {signalText(signal)}
    </span>
  );
}
