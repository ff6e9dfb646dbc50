/** One flusher over all tabs of this phone. */

import { onNews } from "../work/changes";

const LOCK = "fieldproof-sync";
/** A tab that holds the turn and says nothing for this long was frozen by the system. */
const SILENCE_MS = 120_000;

let heard = 0;

export function listenToOthers(): void {
  onNews((news) => {
    if (news.kind === "progress") heard = Date.now();
  });
}

let deniedSince: number | null = null;

function isFrozen(): boolean {
  const now = Date.now();
  deniedSince ??= now;
  return now - Math.max(deniedSince, heard) > SILENCE_MS;
}

/**
 * Runs `work` when no other tab does; else resolves to null. Should a frozen tab wake up in the middle of its run, both
 * send for a moment: every request can be repeated, so that costs only bytes.
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T | null> {
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) return work();
  const options = deniedSince !== null && isFrozen() ? { steal: true } : { ifAvailable: true };
  return locks.request(LOCK, options, async (lock) => {
    if (!lock) {
      isFrozen();
      return null;
    }
    deniedSince = null;
    return work();
  });
}
