import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { deviceId } from "../work/device";
import type { Author } from "../work/types";
import { mayRecord, me } from "./session";

/** Rule 15: where the browser keeps nothing and hashes nothing, the screens offer nothing to record. */
export const insecure: boolean = globalThis.isSecureContext === false;

/** Under whose name things are recorded now; null for those who only read, and where nothing can be kept. */
export const author: ReadonlySignal<Author | null> = computed(() =>
  mayRecord.value && !insecure ? (me.value?.user ?? null) : null,
);

/** Tells what was recorded here from what came from another phone. */
export const thisDevice = signal<string | null>(null);

export async function learnDevice(): Promise<void> {
  thisDevice.value = await deviceId().catch(() => null);
}
