import { signal } from "@preact/signals";
import { announce } from "./changes";

/** Writes under way. While there is one, nobody may claim that everything is at the server. */
export const writing = signal(0);

const followers = new Set<() => void>();

/** Called after each record was kept: something may be sent. */
export const afterSave = (follow: () => void): void => void followers.add(follow);

/** Resolves when the write is on the disk and the signals show it. */
export async function whileWriting<T>(inspections: string[], work: () => Promise<T>): Promise<T> {
  writing.value += 1;
  try {
    return await work();
  } finally {
    // A screen that could not be refreshed must not make what is kept look lost.
    await announce({ inspections }).catch(() => undefined);
    for (const follow of followers) follow();
    writing.value -= 1;
  }
}
