import { locale, t } from "./t";

const UNITS: Record<string, string> = {
  m3: "m³",
  "m3/h": "m³/h",
  "uS/cm": "µS/cm",
  degC: "°C",
};

/** Thin enough to belong to the number, and never broken off at a line's end. */
const GAP = "\u00a0";

export const unitLabel = (unit: string): string => UNITS[unit] ?? unit;

const numbers = new Map<string, Intl.NumberFormat>();

function numberFormat(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, options);
    numbers.set(key, format);
  }
  return format;
}

export function formatNumber(value: number, precision: number): string {
  return numberFormat(`n${precision}`, {
    minimumFractionDigits: precision,
    maximumFractionDigits: precision,
  }).format(value);
}

/** A threshold as a person would write it: no zeros that nobody typed. */
export function formatShort(value: number): string {
  return numberFormat("short", { maximumFractionDigits: 3 }).format(value);
}

/** A sum over a day or a month: digits beyond the first three or four say nothing. */
export function formatAmount(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return numberFormat(`a${digits}`, {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(value);
}

export function formatPercent(share: number): string {
  return numberFormat("percent", { style: "percent", maximumFractionDigits: 0 }).format(share);
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Storage as phones tell it: powers of a thousand. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const unit = BYTE_UNITS[power] ?? "byte";
  return numberFormat(unit, {
    style: "unit",
    unit,
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(bytes / 1000 ** power);
}

export function withUnit(number: string, unit: string | null): string {
  return unit ? `${number}${GAP}${unitLabel(unit)}` : number;
}

const times = new Map<string, Intl.DateTimeFormat>();

function timeFormat(
  zone: string,
  name: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = `${zone}|${name}`;
  let format = times.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options });
    times.set(key, format);
  }
  return format;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

export const formatClock = (at: number, zone: string): string =>
  timeFormat(zone, "clock", CLOCK).format(at);

export const formatSeconds = (at: number, zone: string): string =>
  timeFormat(zone, "seconds", { ...CLOCK, second: "2-digit" }).format(at);

export const formatDay = (at: number, zone: string): string =>
  timeFormat(zone, "day", DAY).format(at);

export const formatLongDay = (at: number, zone: string): string =>
  timeFormat(zone, "long", { weekday: "long", day: "numeric", month: "long" }).format(at);

const calendarDay = (at: number, zone: string): string =>
  timeFormat(zone, "key", { year: "numeric", month: "2-digit", day: "2-digit" }).format(at);

/** The clock alone on the same day, with the date on any other. */
export function formatWhen(at: number, zone: string, now: number): string {
  if (calendarDay(at, zone) === calendarDay(now, zone)) return formatClock(at, zone);
  return `${formatDay(at, zone)}, ${formatClock(at, zone)}`;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY_S = 86_400;

export function formatAge(seconds: number): string {
  const age = Math.max(0, Math.floor(seconds));
  if (age < 2) return t("age.now");
  if (age < MINUTE) return t("age.seconds", { count: age });
  if (age < HOUR) return t("age.minutes", { count: Math.floor(age / MINUTE) });
  if (age >= DAY_S) return t("age.days", { count: Math.floor(age / DAY_S) });
  const hours = Math.floor(age / HOUR);
  const minutes = Math.floor((age % HOUR) / MINUTE);
  if (hours >= 6 || minutes === 0) return t("age.hours", { count: hours });
  return t("age.hours_minutes", { hours, minutes });
}

export function formatSpan(seconds: number): string {
  const span = Math.max(0, Math.floor(seconds));
  if (span < MINUTE) return t("span.seconds", { count: span });
  if (span < HOUR) return t("span.minutes", { count: Math.floor(span / MINUTE) });
  const hours = Math.floor((span % DAY_S) / HOUR);
  if (span >= DAY_S) return t("span.days", { count: Math.floor(span / DAY_S), hours });
  const minutes = Math.floor((span % HOUR) / MINUTE);
  return minutes === 0
    ? t("span.hours", { count: hours })
    : t("span.hours_minutes", { hours, minutes });
}
