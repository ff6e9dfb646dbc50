import { describe, expect, it } from "vitest";
import type { Alarm, Limit, Point } from "../api/types";
import { bySeverity } from "./alarms";
import { nearestLimit } from "./limits";
import { qualityAt } from "./quality";
import { railOf } from "./rail";
import { growth, sparkShape } from "./spark";
import { uuid7 } from "./uuid7";

const limit = (kind: string, level: Limit["level"], value: number): Limit => ({
  id: `${kind}${value}`,
  version: 1,
  kind,
  level,
  value,
  deadband: 0,
  on_delay_s: 0,
  off_delay_s: 0,
  priority: "high",
  message: null,
});
const PH = [limit("high", "warning", 8.5), limit("high", "permit", 9), limit("low", "permit", 6)];

describe("nearestLimit", () => {
  it("names the gravest limit that is broken", () => {
    const view = nearestLimit({ quality: "good", value: 9.2, limits: PH });
    expect(view).toMatchObject({ violated: true, limit: { level: "permit", value: 9 } });
  });

  it("calls no limit broken by a bad value, which nobody judges", () => {
    const view = nearestLimit({ quality: "bad", value: 9.2, limits: PH });
    expect(view?.violated).toBe(false);
  });

  it("names the closest one while all are kept, on either side", () => {
    expect(nearestLimit({ quality: "good", value: 8, limits: PH })?.limit.value).toBe(8.5);
    expect(nearestLimit({ quality: "good", value: 6.4, limits: PH })?.limit.value).toBe(6);
  });

  it("has nothing to say without a value, a limit, or a kind it can judge", () => {
    expect(nearestLimit({ quality: "good", value: null, limits: PH })).toBeNull();
    expect(nearestLimit({ quality: "good", value: 1, limits: [] })).toBeNull();
    expect(
      nearestLimit({ quality: "good", value: 1, limits: [limit("rate", "warning", 1)] }),
    ).toBeNull();
  });

  it("leaves the order of the point's limits alone", () => {
    nearestLimit({ quality: "good", value: 6.4, limits: PH });
    expect(PH.map((item) => item.value)).toEqual([8.5, 9, 6]);
  });
});

describe("railOf", () => {
  it("puts the value between its limits", () => {
    const rail = railOf({ value: 7.5, limits: PH });
    expect(rail?.at).toBeCloseTo(0.5);
    expect(rail?.zones).toHaveLength(3);
  });

  it("keeps a value far outside at the edge", () => {
    expect(railOf({ value: 40, limits: PH })?.at).toBe(1);
    expect(railOf({ value: 1, limits: [] })).toBeNull();
  });
});

describe("qualityAt", () => {
  const point = {
    quality: "good",
    reasons: [],
    observed_at: "2026-11-23T10:00:00Z",
    stale_after_s: 300,
  } as unknown as Point;
  const seconds = (age: number): number => Date.parse("2026-11-23T10:00:00Z") + age * 1000;

  it("becomes uncertain by time alone", () => {
    expect(qualityAt(point, seconds(299))).toEqual({ quality: "good", reasons: [] });
    expect(qualityAt(point, seconds(301))).toEqual({ quality: "uncertain", reasons: ["stale"] });
  });

  it("does not make a bad value better", () => {
    const bad = { ...point, quality: "bad", reasons: ["range"] } as Point;
    expect(qualityAt(bad, seconds(900))).toEqual({ quality: "bad", reasons: ["range", "stale"] });
  });
});

describe("sparkShape", () => {
  it("breaks the line where values are missing", () => {
    const shape = sparkShape([0, 1, 2, 3], [1, null, 2, 3], 100, 20);
    expect(shape?.line.match(/M/g)).toHaveLength(2);
  });

  it("needs two values, and puts a constant in the middle", () => {
    expect(sparkShape([0, 1], [1, null], 100, 20)).toBeNull();
    expect(sparkShape([0, 1], [5, 5], 100, 20)?.y(5)).toBe(10);
  });

  it("shows a counter by its growth", () => {
    expect(growth([1, 3, null, 4, 0, 2, 9])).toEqual([null, 2, null, null, null, 2]);
  });
});

it("sorts alarms by priority, then by what nobody has taken, then by age", () => {
  const alarm = (id: string, priority: string, state: string, raised: string): Alarm =>
    ({ id, priority, state, level: "warning", raised_at: raised }) as Alarm;
  const list = [
    alarm("old", "high", "active_unacked", "2026-11-23T08:00:00Z"),
    alarm("new", "high", "active_unacked", "2026-11-23T09:00:00Z"),
    alarm("acked", "high", "active_acked", "2026-11-23T10:00:00Z"),
    alarm("worst", "critical", "cleared_unacked", "2026-11-23T07:00:00Z"),
  ];
  expect(list.sort(bySeverity).map((item) => item.id)).toEqual(["worst", "new", "old", "acked"]);
});

it("makes ids that are UUIDs of version 7, in the order of time", () => {
  const first = uuid7(1_800_000_000_000);
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid7(1_800_000_000_001) > first).toBe(true);
  expect(uuid7(1_800_000_000_000)).not.toBe(first);
});
