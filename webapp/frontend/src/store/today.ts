import * as api from "../api/endpoints";
import type { Point, Series } from "../api/types";
import { equalEdges, perSlot, totalUntil } from "../lib/counters";
import { startOfDay, startOfPreviousDay } from "../lib/zone";
import { serverNow } from "./clock";
import { Resource } from "./load";
import { allPoints } from "./points";

const HOUR_MS = 3_600_000;
const BUCKET_MS = 15 * 60_000;
/** Read from before the first midnight, so that the level at that moment is known. */
const LEAD_MS = 6 * HOUR_MS;

export interface DayUse {
  point: Point;
  today: number;
  /** The day before up to the same time of day; null when it was not recorded. */
  yesterday: number | null;
  hours: (number | null)[];
  yesterdayHours: (number | null)[];
}

export interface DayFigures {
  at: number;
  energy: DayUse[];
  volume: DayUse[];
}

export const dayFigures = new Resource<DayFigures>();

const hasData = (series: Series, start: number, end: number): boolean =>
  series.t.some((t, index) => t >= start && t < end && (series.count[index] ?? 0) > 0);

function daySeries(point: Point, start: number, end: number): Promise<Series> {
  return api.getReadings(
    point.device,
    point.metric,
    start,
    end,
    Math.round((end - start) / BUCKET_MS),
  );
}

async function dayUse(point: Point, at: number, zone: string): Promise<DayUse | null> {
  const midnight = startOfDay(at, zone);
  const before = startOfPreviousDay(at, zone);
  const tomorrow = startOfDay(midnight + 30 * HOUR_MS, zone);
  // One series over both midnights: what grew across them belongs to the day in which it was seen.
  const series = await daySeries(point, before - LEAD_MS, tomorrow);
  if (!hasData(series, midnight, tomorrow)) return null;
  const grown = (until: number): number => totalUntil(series, until);
  return {
    point,
    today: grown(tomorrow) - grown(midnight),
    yesterday: hasData(series, before, midnight)
      ? grown(before + (at - midnight)) - grown(before)
      : null,
    hours: perSlot(series, equalEdges(midnight, tomorrow, HOUR_MS)),
    yesterdayHours: perSlot(series, equalEdges(before, midnight, HOUR_MS)),
  };
}

async function figuresOf(metric: string, at: number, zone: string): Promise<DayUse[]> {
  const counters = allPoints().filter(
    (point) => point.kind === "counter" && point.metric === metric,
  );
  const uses = await Promise.all(counters.map((point) => dayUse(point, at, zone)));
  return uses.filter((use) => use !== null).sort((a, b) => b.today - a.today);
}

export async function loadDayFigures(zone: string): Promise<void> {
  await dayFigures.fetch(async () => {
    const at = serverNow();
    const energy = await figuresOf("energy_import", at, zone);
    const volume = await figuresOf("volume_total", at, zone);
    return { at, energy, volume };
  });
}
