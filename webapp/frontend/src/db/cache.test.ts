import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import type { Me } from "../api/types";
import { forgetAll, loadMe, loadSnapshot, saveMe, saveSnapshot } from "./cache";

const snapshot = (savedAt: number) => ({ savedAt, points: [], alarms: [] });

it("keeps the last known values of each person and site apart", async () => {
  await saveSnapshot("ines", "dairy", snapshot(1));
  await saveSnapshot("ines", "creamery", snapshot(2));
  expect((await loadSnapshot("ines", "dairy"))?.savedAt).toBe(1);
  expect((await loadSnapshot("ines", "creamery"))?.savedAt).toBe(2);
  expect(await loadSnapshot("mark", "dairy")).toBeUndefined();
});

it("forgets everything on signing out", async () => {
  await saveMe({ role: "inspector" } as Me);
  await saveSnapshot("ines", "dairy", snapshot(1));
  await forgetAll();
  expect(await loadMe()).toBeUndefined();
  expect(await loadSnapshot("ines", "dairy")).toBeUndefined();
});
