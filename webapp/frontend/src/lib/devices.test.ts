import { describe, expect, it } from "vitest";
import type { Device } from "../api/device-types";
import { byPlace, charge, gapsIn, healthAt, matches, strength } from "./devices";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const DEVICE: Device = {
  id: "dairy.effluent",
  name: "Effluent monitor",
  source_name: "effluent",
  site: "dairy",
  location: { id: "o", name: "Outfall", path: "Effluent plant / Outfall" },
  aspect: { id: "a", name: "Treated effluent to river" },
  profile: "plain",
  profile_name: "Plain format",
  state: "active",
  first_seen_at: "2026-11-01T00:00:00Z",
  last_seen_at: "2026-11-25T11:59:00Z",
  stale_after_s: 300,
  health: "ok",
  points: ["ph"],
};

it("turns silent as time passes, without a message that says so", () => {
  expect(healthAt(DEVICE, NOW)).toBe("ok");
  expect(healthAt(DEVICE, NOW + 5 * 60_000)).toBe("silent");
  expect(healthAt({ ...DEVICE, last_seen_at: null, health: "never" }, NOW)).toBe("never");
  expect(healthAt({ ...DEVICE, state: "retired" }, NOW + 86_400_000)).toBe("retired");
});

it("is found by any words of its name, place, product or id, in any order", () => {
  for (const text of ["", "outfall effluent", "RIVER", "dairy.eff", "plain"])
    expect(matches(DEVICE, text)).toBe(true);
  expect(matches(DEVICE, "outfall boiler")).toBe(false);
});

it("groups by place, by name within, those without a place last", () => {
  const groups = byPlace([
    { ...DEVICE, id: "x", name: "Zinc probe", location: null },
    { ...DEVICE, id: "b", name: "Weir" },
    DEVICE,
    { ...DEVICE, id: "c", location: { id: "h", name: "Hall", path: "A hall" } },
  ]);
  expect(groups.map((group) => group.path)).toEqual(["A hall", "Effluent plant / Outfall", null]);
  expect(groups[1]?.devices.map(({ name }) => name)).toEqual(["Effluent monitor", "Weir"]);
});

describe("what a device says of itself", () => {
  const own = (metric: string, value: number, unit: string) => ({
    metric,
    value,
    unit,
    observed_at: null,
  });

  it("calls a battery low in time, and says nothing of volts", () => {
    expect([80, 50, 49, 20, 19].map((value) => charge(own("battery", value, "%")))).toEqual([
      "good",
      "good",
      "half",
      "half",
      "low",
    ]);
    expect(charge(own("battery_voltage", 3.1, "V"))).toBe("unrated");
  });

  it("rates a signal by its own scale", () => {
    expect(strength(own("signal_strength", -61, "dBm"))).toBe("strong");
    expect(strength(own("signal_strength", -105, "dBm"))).toBe("fair");
    expect(strength(own("signal_strength", -121, "dBm"))).toBe("weak");
    expect(strength(own("link_quality", 61, "dimensionless"))).toBe("weak");
    expect(strength(own("signal_to_noise", 9, "dB"))).toBe("unrated");
  });
});

it("cuts gaps to the time that is shown, in order", () => {
  const hour = 3_600_000;
  const at = (hours: number): string => new Date(NOW + hours * hour).toISOString();
  const gaps = [
    { from: at(-2), to: at(1) },
    { from: at(-30), to: at(-23) },
    { from: at(-48), to: at(-25) },
  ];
  expect(gapsIn(gaps, NOW - 24 * hour, NOW)).toEqual([
    { from: NOW - 24 * hour, to: NOW - 23 * hour },
    { from: NOW - 2 * hour, to: NOW },
  ]);
});
