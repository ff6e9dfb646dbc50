import { signal } from "@preact/signals";

export type PwaState = "preparing" | "ready" | "insecure" | "unsupported" | "failed";

export const pwa = signal<PwaState>("preparing");
/** Set when a newer version lies ready; calling it switches over. */
export const applyUpdate = signal<(() => void) | null>(null);
