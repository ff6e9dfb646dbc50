import { expect, it } from "vitest";
import type { DeviceDetail } from "../../api/device-types";
import { formatEvery, healthWords, metricName, valueParts } from "./words";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const DEVICE = {
  id: "probe",
  state: "active",
  health: "ok",
  last_seen_at: "2026-11-25T11:59:40Z",
  stale_after_s: 300,
  expected_every_s: 60,
  points: [],
} as unknown as DeviceDetail;

it("tells an interval as a person would, and never another one", () => {
  const told = [1, 10, 60, 90, 900, 3600, 7200, 86_400, 2_592_000].map(formatEvery);
  expect(told).toEqual([
    "every second",
    "every 10 s",
    "every minute",
    "every 90 s",
    "every 15 min",
    "every hour",
    "every 2 h",
    "every day",
    "every 30 days",
  ]);
});

it("says how often it speaks and when it was last heard", () => {
  expect(healthWords(DEVICE, NOW).says).toBe("Speaks every minute, last heard 20 s ago.");
  expect(healthWords({ ...DEVICE, expected_every_s: null }, NOW).says).toBe("Last heard 20 s ago.");
});

it("says of a silent device what to do", () => {
  const { health, says, todo } = healthWords(DEVICE, NOW + 3_600_000);
  expect(health).toBe("silent");
  expect(says).toBe("Usually speaks every minute; last heard 1 h ago.");
  expect(todo).toContain("power and network");
  expect(healthWords({ ...DEVICE, last_seen_at: null, health: "never" }, NOW).says).toBe(
    "It has never been heard.",
  );
});

it("tells a time and no age of what was kept", () => {
  expect(healthWords(DEVICE, NOW, true).says).toMatch(/last heard at .*11:59\.$/);
});

it("writes a value with its digits and unit, and a number without a unit alone", () => {
  const ph = { metric: "ph", label: "pH", unit: "pH", precision: 2, value: 7.1 } as const;
  const value = { ...ph, quality: "good" as const, reasons: [], observed_at: null };
  expect(valueParts(value)).toEqual(["7.10"]);
  expect(valueParts({ ...value, label: "Flow", unit: "m3/h", precision: 1 })).toEqual([
    "7.1",
    "m³/h",
  ]);
  expect(valueParts({ ...value, value: null })).toEqual(["no value"]);
  expect(metricName("active_power")).toBe("Active power");
});
