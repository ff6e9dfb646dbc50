import { getMeta, read } from "./db";

export interface StorageReport {
  installed: boolean;
  persisted: boolean;
  usage: number | null;
  quota: number | null;
  secure: boolean;
  serviceWorker: boolean;
  lastSync: number | null;
  photosHeld: number;
  bytesHeld: number;
}

function isInstalled(): boolean {
  // Safari on iOS says it in its own way.
  const apple = (navigator as { standalone?: boolean }).standalone === true;
  return apple || (globalThis.matchMedia?.("(display-mode: standalone)").matches ?? false);
}

/** Sizes come from the captures: to sum up the bytes themselves would load every photo. */
async function held(): Promise<{ photosHeld: number; bytesHeld: number }> {
  return read(["photos", "captures"], async (tx) => {
    const keys = new Set(await tx.objectStore("photos").getAllKeys());
    const sizes = new Map<string, number>();
    for (const capture of await tx.objectStore("captures").getAll()) {
      if (keys.has(capture.sha256)) sizes.set(capture.sha256, capture.size);
    }
    const bytesHeld = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return { photosHeld: keys.size, bytesHeld };
  });
}

export async function storageReport(): Promise<StorageReport> {
  const manager = navigator.storage as StorageManager | undefined;
  const estimate = await manager?.estimate?.().catch(() => undefined);
  const persisted = (await manager?.persisted?.().catch(() => false)) ?? false;
  const own = await held().catch(() => ({ photosHeld: 0, bytesHeld: 0 }));
  return {
    installed: isInstalled(),
    persisted,
    usage: estimate?.usage ?? null,
    quota: estimate?.quota ?? null,
    secure: globalThis.isSecureContext === true,
    serviceWorker: Boolean(navigator.serviceWorker?.controller),
    lastSync: (await getMeta<number>("lastSync").catch(() => undefined)) ?? null,
    ...own,
  };
}

/** Asks the browser not to throw this site's data away. It may say no, and the screen says so. */
export async function askPersist(): Promise<boolean> {
  const manager = navigator.storage as StorageManager | undefined;
  return (await manager?.persist?.().catch(() => false)) ?? false;
}
