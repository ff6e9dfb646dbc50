import * as api from "../api/endpoints";
import type { Series } from "../api/types";
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
  /** Bars of a counter, each a span that people think in. */
  bars: number;
  refresh: number;
}

export const RANGES: Record<RangeName, Range> = {
  "1h": { span: HOUR, buckets: 240, bars: 12, refresh: 15_000 },
  "24h": { span: DAY, buckets: 288, bars: 24, refresh: MINUTE },
  "7d": { span: 7 * DAY, buckets: 336, bars: 28, refresh: 5 * MINUTE },
  "30d": { span: 30 * DAY, buckets: 360, bars: 30, refresh: 5 * MINUTE },
};

export interface Course {
  range: RangeName;
  start: number;
  end: number;
  series: Series;
}

export const course = new Resource<Course>();

/** Bars stand on whole spans of the clock, so that the last one is "this hour", not a slice of two. */
function window(range: Range, counter: boolean): [number, number] {
  const end = serverNow();
  if (!counter) return [end - range.span, end];
  const slot = range.span / range.bars;
  const edge = Math.ceil(end / slot) * slot;
  return [edge - range.span, edge];
}

export async function loadCourse(device: string, metric: string, name: RangeName, counter: boolean): Promise<void> {
  const range = RANGES[name];
  const [start, end] = window(range, counter);
  const buckets = counter ? range.bars * 4 : range.buckets;
  await course.fetch(async () => {
    const series = await api.getReadings(device, metric, start, end, buckets);
    return { range: name, start, end, series };
  });
}
