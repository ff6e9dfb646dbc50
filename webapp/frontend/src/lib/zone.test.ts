import { expect, it } from "vitest";
import { startOfDay, startOfPreviousDay } from "./zone";

const at = (text: string): number => Date.parse(text);
const DUBLIN = "Europe/Dublin";

it("finds local midnight, not the one of UTC", () => {
  expect(startOfDay(at("2026-07-01T23:30:00Z"), DUBLIN)).toBe(at("2026-07-01T23:00:00Z"));
  expect(startOfDay(at("2026-11-23T10:00:00Z"), DUBLIN)).toBe(at("2026-11-23T00:00:00Z"));
  expect(startOfDay(at("2026-11-23T10:00:00Z"), "Asia/Kolkata")).toBe(at("2026-11-22T18:30:00Z"));
});

it("keeps midnight on the days the clocks change", () => {
  // Summer time began at 01:00 UTC and ended at 01:00 UTC: both midnights lie before the change.
  expect(startOfDay(at("2026-03-29T12:00:00Z"), DUBLIN)).toBe(at("2026-03-29T00:00:00Z"));
  expect(startOfDay(at("2026-10-25T12:00:00Z"), DUBLIN)).toBe(at("2026-10-24T23:00:00Z"));
  expect(startOfPreviousDay(at("2026-03-30T12:00:00Z"), DUBLIN)).toBe(at("2026-03-29T00:00:00Z"));
});
