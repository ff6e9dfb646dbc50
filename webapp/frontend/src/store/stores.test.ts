import { beforeEach, describe, expect, it } from "vitest";
import type { Alarm, Device, Point, Transition } from "../api/types";
import {
  applyAlarm,
  arrived,
  clearAlarms,
  openAlarms,
  setOpenAlarms,
  worstByPoint,
} from "./alarms";
import { learnSkew, serverNow } from "./clock";
import { pendingOps, settleOps } from "./ops";
import { applyPoints, applyReading, byPlace, clearPoints, outdatedBy, points } from "./points";

const point = (metric: string, more: Partial<Point> = {}): Point =>
  ({
    point: `d/${metric}`,
    device: "d",
    metric,
    value: 1,
    quality: "good",
    reasons: [],
    observed_at: "2026-11-23T10:00:00.000Z",
    age_s: 1,
    limits: [],
    location: null,
    ...more,
  }) as Point;

const alarm = (id: string, more: Partial<Alarm> = {}): Alarm =>
  ({
    id,
    point: "d/ph",
    priority: "high",
    level: "permit",
    state: "active_unacked",
    acknowledgement: "unacked",
    raised_at: "2026-11-23T10:00:00Z",
    ...more,
  }) as Alarm;

const reading = (value: number, at: string) => ({
  point: "d/ph",
  value,
  quality: "good" as const,
  reasons: [],
  observed_at: at,
});
const shownValue = (id: string): number | null | undefined => points.value.get(id)?.value.value;

beforeEach(() => {
  clearPoints();
  clearAlarms();
  pendingOps.value = [];
});

describe("points", () => {
  it("takes newer readings, ignores older ones, and says when a point is unknown", () => {
    applyPoints([point("ph")]);
    expect(applyReading(reading(7.2, "2026-11-23T10:00:05.000Z"))).toBe(true);
    expect(applyReading(reading(5.0, "2026-11-23T09:00:00.000Z"))).toBe(true);
    expect(shownValue("d/ph")).toBe(7.2);
    expect(applyReading({ ...reading(1, "2026-11-23T10:00:05.000Z"), point: "d/new" })).toBe(false);
  });

  it("does not let a slow list take a newer live value back, and keeps the spark line", () => {
    applyPoints([point("ph", { spark: { t: [1], mean: [1] } })]);
    applyReading(reading(7.2, "2026-11-23T10:00:05.000Z"));
    applyPoints([point("ph")]);
    expect(shownValue("d/ph")).toBe(7.2);
    expect(points.value.get("d/ph")?.value.spark).toEqual({ t: [1], mean: [1] });
  });

  it("are asked for again when their device was named, placed or retired, and not when it only spoke", () => {
    const hall = { id: "hall", name: "Hall", path: "Hall" };
    const device = { id: "d", name: "Probe", state: "active", location: hall, stale_after_s: 60 };
    const told = (more: Partial<Device>): boolean => outdatedBy({ ...device, ...more } as Device);
    applyPoints([point("ph", { device_name: "Probe", location: hall, stale_after_s: 60 })]);
    expect(told({ health: "silent", last_seen_at: "2026-11-23T10:00:09.000Z" })).toBe(false);
    expect(told({ id: "other", state: "retired" })).toBe(false);
    for (const change of [
      { state: "retired" as const },
      { name: "Outlet probe" },
      { location: null },
      { location: { ...hall, path: "Dairy / Hall" } },
      { stale_after_s: 600 },
    ])
      expect(told(change)).toBe(true);
  });

  it("groups by place, unplaced points last", () => {
    const place = { id: "x", name: "Outfall", path: "Effluent plant / Outfall" };
    applyPoints([point("a"), point("b", { location: place }), point("c", { location: place })]);
    expect(byPlace.value.map((group) => [group.path, group.points.length])).toEqual([
      [place.path, 2],
      [null, 1],
    ]);
  });
});

describe("alarms", () => {
  it("announces an alarm that arrives, not one that was there", () => {
    setOpenAlarms([alarm("1")]);
    expect(arrived.value).toBeNull();
    applyAlarm(alarm("1"));
    expect(arrived.value).toBeNull();
    applyAlarm(alarm("2", { priority: "critical" }));
    expect(arrived.value?.id).toBe("2");
    expect(worstByPoint.value.get("d/ph")?.id).toBe("2");
  });

  it("takes an ended alarm out of the open ones", () => {
    setOpenAlarms([alarm("1")]);
    applyAlarm(alarm("1", { state: "normal" }));
    expect(openAlarms.value).toEqual([]);
  });
});

describe("operations", () => {
  const pending = (op: "acknowledge" | "comment", note = "") => ({
    id: "op",
    alarm: "1",
    op,
    note,
    doneAt: 0,
  });
  const step = (kind: Transition["kind"], note: string): Transition => ({
    id: "t",
    kind,
    note,
    at: "2026-11-23T10:00:00Z",
    by: "Ines",
    value: null,
  });

  it("waits until the alarm itself shows the acknowledgement", () => {
    pendingOps.value = [pending("acknowledge")];
    settleOps(alarm("1"));
    expect(pendingOps.value).toHaveLength(1);
    settleOps(alarm("2", { acknowledgement: "acked" }));
    expect(pendingOps.value).toHaveLength(1);
    settleOps(alarm("1", { acknowledgement: "acked", state: "active_acked" }));
    expect(pendingOps.value).toHaveLength(0);
  });

  it("finds a comment among the transitions", () => {
    pendingOps.value = [pending("comment", "valve closed")];
    settleOps(
      alarm("1", { acknowledgement: "acked", transitions: [step("commented", "another")] }),
    );
    expect(pendingOps.value).toHaveLength(1);
    settleOps(alarm("1", { transitions: [step("commented", "valve closed")] }));
    expect(pendingOps.value).toHaveLength(0);
  });
});

it("goes by the server's clock when the phone's is wrong", () => {
  const hour = 3_600_000;
  const observed = new Date(Date.now() + hour).toISOString();
  learnSkew([point("ph", { observed_at: observed, age_s: 2 })]);
  expect(Math.abs(serverNow() - (Date.now() + hour + 2000))).toBeLessThan(100);
});
