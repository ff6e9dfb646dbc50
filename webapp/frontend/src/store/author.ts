import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { deviceId } from "../work/device";
import type { Author } from "../work/types";
import { mayRecord, me } from "./session";

/** Under whose name things are recorded now; null for those who only read. */
export const author: ReadonlySignal<Author | null> = computed(() =>
  mayRecord.value ? (me.value?.user ?? null) : null,
);

/** Tells what was recorded here from what came from another phone. */
export const thisDevice = signal<string | null>(null);

export async function learnDevice(): Promise<void> {
  thisDevice.value = await deviceId().catch(() => null);
}
