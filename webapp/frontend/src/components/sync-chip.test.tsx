import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import type { SyncSummary } from "../work/types";
import { chipText } from "./sync-chip";
import { problemText } from "./sync-rows";

const summary = (more: Partial<SyncSummary>): SyncSummary => ({
  loaded: true,
  state: "server",
  waiting: 0,
  refused: 0,
  current: 0,
  total: 0,
  pause: null,
  others: [],
  lastSync: null,
  nextTry: null,
  ...more,
});

it("says in words what has left the phone, and shorter on a small one", () => {
  expect(chipText(summary({}))).toEqual({ long: "On server", short: "On server" });
  expect(chipText(summary({ state: "phone", waiting: 4 }))).toEqual({
    long: "On this phone only (4)",
    short: "4 on phone",
  });
  expect(chipText(summary({ state: "sending", waiting: 6, current: 2, total: 7 }))).toEqual({
    long: "Sending 2 of 7",
    short: "2 of 7",
  });
  expect(chipText(summary({ state: "attention", waiting: 3, refused: 2 }))).toEqual({
    long: "Needs attention (2)",
    short: "Attention",
  });
});

it("does not say how many when the phone's own records cannot be read", () => {
  expect(chipText(summary({ loaded: false, state: "phone" })).long).toBe("On this phone only");
});

it("says what a refusal means in plain words", () => {
  expect(problemText(403)).toContain("may not record");
  expect(problemText(413)).toContain("no file of this size");
  expect(problemText(0, "photo_missing")).toContain("lost this photo");
  expect(problemText(422)).toBe("The server does not accept it.");
});
