import { describe, expect, it } from "vitest";
import type { Series } from "../api/types";
import { equalEdges, increments, perSlot, total, totalUntil } from "./counters";

function series(buckets: ([number, number] | null)[]): Series {
  return {
    point: "d/energy_import",
    unit: "kWh",
    resolution_s: 900,
    t: buckets.map((_, index) => index * 900_000),
    mean: buckets.map((bucket) => (bucket ? (bucket[0] + bucket[1]) / 2 : null)),
    min: buckets.map((bucket) => bucket?.[0] ?? null),
    max: buckets.map((bucket) => bucket?.[1] ?? null),
    count: buckets.map((bucket) => (bucket ? 10 : 0)),
  };
}

describe("increments", () => {
  it("adds the growth inside and between buckets", () => {
    const data = series([
      [100, 104],
      [105, 110],
    ]);
    expect(increments(data)).toEqual([4, 6]);
    expect(total(increments(data))).toBe(10);
  });

  it("counts what grew across a gap where it was seen again", () => {
    expect(increments(series([[100, 101], null, [108, 109]]))).toEqual([1, 0, 8]);
  });

  it("does not go backwards when the counter is reset between buckets", () => {
    expect(
      increments(
        series([
          [100, 105],
          [0, 3],
        ]),
      ),
    ).toEqual([5, 3]);
  });

  it("does not count the height of a counter that is reset inside a bucket", () => {
    const data = series([
      [100, 105],
      [0, 107],
      [2, 6],
    ]);
    expect(increments(data)).toEqual([5, 2, 4]);
  });

  it("takes a single wrong zero for what it is, inside a bucket and alone in one", () => {
    const inside: [number, number][] = [
      [99, 100],
      [0, 101],
      [101, 102],
    ];
    const alone: [number, number][] = [
      [99, 100],
      [0, 0],
      [101, 101],
    ];
    expect(increments(series(inside))).toEqual([1, 1, 1]);
    expect(increments(series(alone))).toEqual([1, 0, 1]);
  });
});

describe("totalUntil", () => {
  it("counts the bucket that holds the instant by its elapsed share", () => {
    const data = series([
      [0, 10],
      [10, 30],
    ]);
    expect(totalUntil(data, 900_000 + 450_000)).toBe(20);
    expect(totalUntil(data, 0)).toBe(0);
  });
});

describe("perSlot", () => {
  it("sums neighbouring buckets and leaves empty slots out", () => {
    const data = series([[0, 1], [1, 3], null, null]);
    expect(perSlot(data, equalEdges(0, 3_600_000, 1_800_000))).toEqual([3, null]);
  });
});
