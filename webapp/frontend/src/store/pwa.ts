import { signal } from "@preact/signals";

export type PwaState = "preparing" | "ready" | "insecure" | "unsupported" | "failed";

export const pwa = signal<PwaState>("preparing");
/** Set when a newer version lies ready; calling it switches over. */
export const applyUpdate = signal<(() => void) | null>(null);

interface InstallPrompt extends Event {
  prompt: () => Promise<unknown>;
}

/** Set where the browser lets the app offer its own installation; calling it asks the person. */
export const mayInstall = signal<(() => void) | null>(null);

export function listenForInstall(): void {
  addEventListener("beforeinstallprompt", (event) => {
    // Chrome's own banner would cover the work; the offer waits on the page about this phone.
    event.preventDefault();
    mayInstall.value = () => {
      void (event as InstallPrompt).prompt().catch(() => undefined);
      mayInstall.value = null;
    };
  });
  addEventListener("appinstalled", () => {
    mayInstall.value = null;
  });
}
