import * as api from "../api/endpoints";
import type { Point, Series } from "../api/types";
import { equalEdges, increments, perSlot, total, totalUntil } from "../lib/counters";
import { startOfDay, startOfPreviousDay } from "../lib/zone";
import { serverNow } from "./clock";
import { Resource } from "./load";
import { allPoints } from "./points";

const HOUR_MS = 3_600_000;
const BUCKET_MS = 15 * 60_000;

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

const hasData = (series: Series): boolean => series.count.some((count) => (count ?? 0) > 0);

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
  const [now, then] = await Promise.all([
    daySeries(point, midnight, tomorrow),
    daySeries(point, before, midnight),
  ]);
  if (!hasData(now)) return null;
  return {
    point,
    today: total(increments(now)),
    yesterday: hasData(then) ? totalUntil(then, before + (at - midnight)) : null,
    hours: perSlot(now, equalEdges(midnight, tomorrow, HOUR_MS)),
    yesterdayHours: perSlot(then, equalEdges(before, midnight, HOUR_MS)),
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
