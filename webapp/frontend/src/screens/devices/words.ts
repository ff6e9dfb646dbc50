import type { Device, DeviceDetail, FirstValue, OwnValue } from "../../api/device-types";
import { formatAge, formatNumber, formatShort, withUnit } from "../../i18n/format";
import { t } from "../../i18n/t";
import { charge, type Health, healthAt, strength } from "../../lib/devices";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** How often something happens, as one would say it. */
export function formatEvery(seconds: number): string {
  const steps = [
    { unit: DAY, one: t("every.day"), other: (count: number) => t("every.days", { count }) },
    { unit: HOUR, one: t("every.hour"), other: (count: number) => t("every.hours", { count }) },
    {
      unit: MINUTE,
      one: t("every.minute"),
      other: (count: number) => t("every.minutes", { count }),
    },
    { unit: 1, one: t("every.second"), other: (count: number) => t("every.seconds", { count }) },
  ];
  const step = steps.find(({ unit }) => seconds >= unit && seconds % unit === 0);
  // 90 s and 36 h stay what they are; an odd interval is told in seconds, not rounded into another one.
  if (!step) return t("every.seconds", { count: Math.round(seconds) });
  const count = seconds / step.unit;
  return count === 1 ? step.one : step.other(count);
}

export interface HealthWords {
  health: Health;
  says: string;
  todo: string | null;
}

/** `now` is the moment the words are about: of what was kept it is the moment of the keeping. */
export function healthWords(device: Device & Partial<DeviceDetail>, now: number): HealthWords {
  const health = healthAt(device, now);
  if (health === "retired") return { health, says: t("device.retired"), todo: null };
  if (health === "never" || !device.last_seen_at)
    return { health, says: t("device.never"), todo: t("device.never_todo") };
  const age = formatAge((now - Date.parse(device.last_seen_at)) / 1000);
  const every = device.expected_every_s ? formatEvery(device.expected_every_s) : null;
  if (health === "ok") {
    const says = every ? t("device.speaks", { every, age }) : t("device.heard", { age });
    return { health, says, todo: null };
  }
  const says = every ? t("device.silent", { every, age }) : t("device.silent_plain", { age });
  return { health, says, todo: t("device.silent_todo") };
}

/** "active_power" as words, where the server gave no better ones. */
export function metricName(metric: string): string {
  const words = metric.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const unitOf = (unit: string, label = ""): string | null =>
  unit === "dimensionless" || unit === label ? null : unit;

export const valueText = ({ value, unit, precision, label }: FirstValue): string =>
  value === null
    ? t("live.no_value")
    : withUnit(formatNumber(value, precision), unitOf(unit, label));

const own = ({ value, unit }: OwnValue): string => withUnit(formatShort(value), unitOf(unit));

export const batteryText = (battery: OwnValue): string =>
  `${t(`battery.${charge(battery)}`)}, ${own(battery)}`;

export const signalText = (signal: OwnValue): string =>
  `${t(`signal.${strength(signal)}`)}, ${own(signal)}`;
