import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inTurn } from "./turn";

/** Web Locks as far as they are used here, with another tab that may hold the lock. */
const locks = {
  heldByOther: false,
  asked: [] as LockOptions[],
  request: (
    _name: string,
    options: LockOptions,
    work: (lock: object | null) => Promise<unknown>,
  ) => {
    locks.asked.push(options);
    return work(locks.heldByOther && !options.steal ? null : {});
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  locks.heldByOther = false;
  locks.asked = [];
  vi.stubGlobal("navigator", { locks });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("works when no other tab does, and not beside one that does", async () => {
  const work = vi.fn(async () => "sent");
  expect(await inTurn(work)).toBe("sent");
  locks.heldByOther = true;
  expect(await inTurn(work)).toBeNull();
  expect(work).toHaveBeenCalledOnce();
});

it("takes the turn from a tab that was frozen with it", async () => {
  locks.heldByOther = true;
  const work = vi.fn(async () => "sent");
  for (let minute = 0; minute < 2; minute += 1) {
    expect(await inTurn(work)).toBeNull();
    vi.advanceTimersByTime(60_000);
  }
  vi.advanceTimersByTime(1000);
  expect(await inTurn(work)).toBe("sent");
  expect(locks.asked.at(-1)).toEqual({ steal: true });
});

it("works in browsers without locks", async () => {
  vi.stubGlobal("navigator", {});
  expect(await inTurn(async () => 1)).toBe(1);
});
