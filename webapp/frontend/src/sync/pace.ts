/** How much of a photo to send in one go, so that a cut connection costs some seconds and not minutes. */

export const LEAST = 16 * 1024;
export const MOST = 1024 * 1024;
const FIRST = 64 * 1024;
const GOAL_MS = 5000;
const PATIENCE = 4;
const GRACE_MS = 20_000;
/** 50 kbit/s, in bytes per millisecond: what is expected before anything was measured. */
const SLOW = 6.25;

const within = (bytes: number): number => Math.round(Math.min(MOST, Math.max(LEAST, bytes)));

export class Pace {
  private rate: number | null = null;
  bytes = FIRST;

  /** A chunk went through: the next one should take about five seconds, and grow by no more than double. */
  went(bytes: number, ms: number): void {
    this.rate = bytes / Math.max(1, ms);
    this.bytes = within(Math.min(this.rate * GOAL_MS, this.bytes * 2));
  }

  /** The line may have become a hundred times slower: what was measured before counts no more. */
  failed(): void {
    this.rate = null;
    this.bytes = within(this.bytes / 4);
  }

  /** When to give a chunk up: generous, because a slow line is no broken line. */
  timeout(bytes: number): number {
    return GRACE_MS + (PATIENCE * bytes) / (this.rate ?? SLOW);
  }
}
