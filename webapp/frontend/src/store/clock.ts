import { signal } from "@preact/signals";
import type { Point } from "../api/types";

const TICK_MS = 1000;
const TOLERANCE_MS = 1500;

let skew = 0;
let timer: ReturnType<typeof setInterval> | null = null;

/** The server's time, so that a phone with a wrong clock still shows right ages. */
export const now = signal(Date.now());

export const serverNow = (): number => Date.now() + skew;

export function learnSkew(points: Point[]): void {
  const sample = points.find((point) => point.observed_at !== null && point.age_s !== null);
  if (!sample?.observed_at || sample.age_s === null) return;
  const measured = Date.parse(sample.observed_at) + sample.age_s * 1000 - Date.now();
  if (Number.isFinite(measured) && Math.abs(measured - skew) > TOLERANCE_MS) {
    skew = measured;
    now.value = serverNow();
  }
}

export function startClock(): void {
  stopClock();
  now.value = serverNow();
  timer = setInterval(() => {
    now.value = serverNow();
  }, TICK_MS);
}

export function stopClock(): void {
  if (timer) clearInterval(timer);
  timer = null;
}
