import type { Alarm } from "../api/types";
import { formatNumber, formatShort, withUnit } from "../i18n/format";
import { t } from "../i18n/t";

const unitOf = (alarm: Alarm): string | null => (alarm.unit === alarm.label ? null : alarm.unit);

export function alarmTitle(alarm: Alarm): string {
  const label = alarm.label ?? alarm.point ?? alarm.message ?? t("alarm.collector");
  if (alarm.kind === "silent") {
    return t("alarm.title_silent", { name: alarm.device_name ?? t("alarm.collector") });
  }
  if (alarm.threshold === null) return t("alarm.title_other", { label });
  const threshold = withUnit(formatShort(alarm.threshold), unitOf(alarm));
  if (alarm.kind === "high") return t("alarm.title_high", { label, threshold });
  if (alarm.kind === "low") return t("alarm.title_low", { label, threshold });
  return t("alarm.title_other", { label });
}

export const peakName = (alarm: Alarm): string =>
  t(alarm.kind === "low" ? "alarm.lowest" : "alarm.highest");

/** With the metric's precision, so that an alarm reads like the live value. Silence has no value. */
export function alarmValue(alarm: Alarm, value: number | null): string | null {
  if (value === null || alarm.kind === "silent") return null;
  const { precision } = alarm;
  const number = precision === undefined ? formatShort(value) : formatNumber(value, precision);
  return withUnit(number, unitOf(alarm));
}
