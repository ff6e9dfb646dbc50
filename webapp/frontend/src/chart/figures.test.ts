import { expect, it } from "vitest";
import type { Limit, Series } from "../api/types";
import type { Course } from "../store/course";
import { counterFigures, gaugeFigures, withGaps } from "./figures";
import { scaleRange, visibleLimits } from "./limits";

const MINUTE = 60_000;

function series(minutes: number[], values: number[]): Series {
  return {
    point: "d/m",
    unit: "kW",
    resolution_s: 60,
    t: minutes.map((minute) => minute * MINUTE),
    mean: values,
    min: values.map((value) => value - 1),
    max: values.map((value) => value + 1),
    count: values.map((_, index) => (index === 0 ? 3 : 1)),
  };
}

const course = (data: Series, edges: number[] = []): Course => ({
  range: "1h",
  start: 0,
  end: 60 * MINUTE,
  series: data,
  edges,
});

it("breaks the line only where the point was silent for longer than allowed", () => {
  const data = series([0, 1, 4, 20], [5, 6, 7, 8]);
  expect(withGaps(data, 5 * MINUTE).mean).toEqual([5, 6, 7, null, 8]);
  const slow = series([0, 15, 30, 45, 120], [1, 2, 3, 4, 5]);
  expect(withGaps(slow, 5 * MINUTE).mean).toEqual([1, 2, 3, 4, null, 5]);
});

it("weighs the mean by the readings behind it", () => {
  const figures = gaugeFigures(course(series([0, 1], [4, 8])), MINUTE);
  expect(figures).toMatchObject({ low: 3, high: 9, average: 5 });
  expect(gaugeFigures(course(series([], [])), MINUTE)).toBeNull();
});

it("sums a counter into the bars of the range", () => {
  const figures = counterFigures(course(series([0, 6], [10, 20]), [0, 5 * MINUTE, 10 * MINUTE]));
  expect(figures).toMatchObject({ t: [0, 5 * MINUTE], growth: [2, 10], total: 12 });
});

it("keeps the nearest limit in the picture and leaves far ones out", () => {
  const limit = (value: number): Limit => ({ kind: "high", value, level: "permit" }) as Limit;
  const limits = [limit(12), limit(500)];
  expect(visibleLimits(limits, 5, 10).map((item) => item.value)).toEqual([12]);
  expect(visibleLimits([limit(500)], 5, 10).map((item) => item.value)).toEqual([500]);
  const [bottom, top] = scaleRange(limits, 5, 10);
  expect(bottom).toBeLessThan(5);
  expect(top).toBeGreaterThan(12);
});
