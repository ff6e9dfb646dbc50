import { describe, expect, it } from "vitest";
import { LEAST, MOST, Pace } from "./pace";

/** What a line of so many bytes a second makes of the size of the chunks. */
function settle(bytesPerSecond: number, chunks = 12): Pace {
  const pace = new Pace();
  for (let sent = 0; sent < chunks; sent += 1) {
    pace.went(pace.bytes, (pace.bytes / bytesPerSecond) * 1000);
  }
  return pace;
}

describe("Pace", () => {
  it("makes a chunk last about five seconds, within bounds", () => {
    expect(settle(20_000).bytes).toBe(100_000);
    expect(settle(1000).bytes).toBe(LEAST);
    expect(settle(10_000_000).bytes).toBe(MOST);
  });

  it("grows by no more than double, and shrinks at once", () => {
    const pace = settle(10_000_000, 1);
    expect(pace.bytes).toBe(128 * 1024);
    pace.went(pace.bytes, 20_000);
    expect(pace.bytes).toBeLessThan(40_000);
  });

  it("starts small again after a cut, and forgets how fast the line was", () => {
    const pace = settle(10_000_000);
    const fast = pace.timeout(MOST);
    pace.failed();
    expect(pace.bytes).toBe(MOST / 4);
    expect(pace.timeout(MOST)).toBeGreaterThan(fast * 5);
    for (let cut = 0; cut < 9; cut += 1) pace.failed();
    expect(pace.bytes).toBe(LEAST);
  });

  it("is patient with 50 kbit/s", () => {
    const pace = new Pace();
    const needed = (pace.bytes * 8) / 50;
    expect(pace.timeout(pace.bytes)).toBeGreaterThan(needed * 3);
  });
});
