const DAY_MS = 86_400_000;

function offsetAt(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const at = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(
    at("year"),
    at("month") - 1,
    at("day"),
    at("hour"),
    at("minute"),
    at("second"),
  );
  return wall - Math.floor(instant / 1000) * 1000;
}

/** The instant at which the calendar day of `instant` began in the zone. */
export function startOfDay(instant: number, zone: string): number {
  const offset = offsetAt(instant, zone);
  const wallMidnight = Math.floor((instant + offset) / DAY_MS) * DAY_MS;
  const guess = wallMidnight - offset;
  // The clocks may have changed between midnight and now: then the offset at midnight counts.
  return wallMidnight - offsetAt(guess, zone);
}

export function startOfPreviousDay(instant: number, zone: string): number {
  return startOfDay(startOfDay(instant, zone) - 1, zone);
}
