import type { Device, DeviceDetail, FirstValue, OwnValue } from "../../api/device-types";
import {
  formatAge,
  formatNumber,
  formatShort,
  formatWhen,
  unitLabel,
  withUnit,
} from "../../i18n/format";
import { t } from "../../i18n/t";
import { charge, type Health, healthAt, strength } from "../../lib/devices";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";

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

/** What is shown as it was when there was a connection tells a time: nobody knows how long ago that will be. */
function heardWhen(lastSeen: string, now: number, kept: boolean): string {
  const at = Date.parse(lastSeen);
  if (kept) return t("device.kept_at", { time: formatWhen(at, zone.value, serverNow()) });
  return formatAge((now - at) / 1000);
}

/** `kept`: what was last known, judged by the moment of the keeping, which then is `now`. */
export function healthWords(
  device: Device & Partial<DeviceDetail>,
  now: number,
  kept = false,
): HealthWords {
  const health = healthAt(device, now);
  if (health === "retired") return { health, says: t("device.retired"), todo: null };
  if (health === "never" || !device.last_seen_at)
    return { health, says: t("device.never"), todo: t("device.never_todo") };
  const when = heardWhen(device.last_seen_at, now, kept);
  const silent = health === "silent";
  const todo = silent ? t("device.silent_todo") : null;
  if (!device.expected_every_s) return { health, says: t("device.heard", { when }), todo };
  const every = formatEvery(device.expected_every_s);
  return { health, says: t(silent ? "device.silent" : "device.speaks", { every, when }), todo };
}

/** "active_power" as words, where the server gave no better ones. */
export function metricName(metric: string): string {
  const words = metric.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const unitOf = (unit: string, label = ""): string | null =>
  unit === "dimensionless" || unit === label ? null : unit;

/** The number and its unit apart: where both find no room in one line, the unit goes below. */
export function valueParts({ value, unit, precision, label }: FirstValue): string[] {
  if (value === null) return [t("live.no_value")];
  const shown = unitOf(unit, label);
  const number = formatNumber(value, precision);
  return shown ? [number, unitLabel(shown)] : [number];
}

const own = ({ value, unit }: OwnValue): string => withUnit(formatShort(value), unitOf(unit));

export const batteryText = (battery: OwnValue): string =>
  `${t(`battery.${charge(battery)}`)}, ${own(battery)}`;

export const signalText = (signal: OwnValue): string =>
  `${t(`signal.${strength(signal)}`)}, ${own(signal)}`;
