import * as api from "../api/endpoints";
import type { Point, Series } from "../api/types";
import { equalEdges } from "../lib/counters";
import { startOfDay, startOfPreviousDay } from "../lib/zone";
import { serverNow } from "./clock";
import { Resource } from "./load";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type RangeName = "1h" | "24h" | "7d" | "30d";

interface Range {
  span: number;
  /** Buckets of a gauge's line, about one for each pixel pair of a phone. */
  buckets: number;
  /** Buckets of a counter: whole parts of a bar in every time zone. */
  part: number;
  /** Width of a counter's bar: a span that people think in. */
  slot: number;
  refresh: number;
}

export const RANGES: Record<RangeName, Range> = {
  "1h": { span: HOUR, buckets: 240, slot: 5 * MINUTE, part: MINUTE, refresh: 15_000 },
  "24h": { span: DAY, buckets: 288, slot: HOUR, part: 15 * MINUTE, refresh: MINUTE },
  "7d": { span: 7 * DAY, buckets: 336, slot: 6 * HOUR, part: HOUR, refresh: 5 * MINUTE },
  "30d": { span: 30 * DAY, buckets: 360, slot: DAY, part: HOUR, refresh: 5 * MINUTE },
};

export interface Course {
  range: RangeName;
  start: number;
  end: number;
  series: Series;
  /** Where a counter's bars begin and end; empty for a gauge. */
  edges: number[];
}

export const course = new Resource<Course>();

/** Calendar days of the site, which are not all 24 hours long. */
function dayEdges(until: number, days: number, zone: string): number[] {
  const edges = [startOfDay(startOfDay(until, zone) + 1.25 * DAY, zone)];
  while (edges.length <= days) edges.unshift(startOfPreviousDay(edges[0] ?? 0, zone));
  return edges;
}

/** Bars stand on whole spans of the site's clock: the last one is "this hour", not a slice of two. */
function barEdges(range: Range, now: number, zone: string): number[] {
  if (range.slot === DAY) return dayEdges(now - 1, range.span / DAY, zone);
  const midnight = startOfDay(now, zone);
  const end = midnight + Math.ceil((now - midnight) / range.slot) * range.slot;
  return equalEdges(end - range.span, end, range.slot);
}

export async function loadCourse(point: Point, name: RangeName, zone: string): Promise<void> {
  const range = RANGES[name];
  const now = serverNow();
  const edges = point.kind === "counter" ? barEdges(range, now, zone) : [];
  const start = edges[0] ?? now - range.span;
  const end = edges.at(-1) ?? now;
  const buckets = edges.length > 0 ? Math.round((end - start) / range.part) : range.buckets;
  await course.fetch(async () => {
    const series = await api.getReadings(point.device, point.metric, start, end, buckets);
    return { range: name, start, end, series, edges };
  });
}
