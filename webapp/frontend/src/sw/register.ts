import { applyUpdate, pwa } from "../store/pwa";

const UPDATE_CHECK_MS = 30 * 60_000;

function offerUpdate(worker: ServiceWorker): void {
  applyUpdate.value = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), {
      once: true,
    });
    worker.postMessage("update");
  };
}

function watchInstalling(registration: ServiceWorkerRegistration): void {
  const worker = registration.installing;
  if (!worker) return;
  worker.addEventListener("statechange", () => {
    // With no controller this is the very first install, and there is nothing to update.
    if (worker.state === "installed" && navigator.serviceWorker.controller) offerUpdate(worker);
    if (worker.state === "redundant" && !registration.active) pwa.value = "failed";
  });
}

async function register(): Promise<void> {
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  if (registration.waiting && navigator.serviceWorker.controller) offerUpdate(registration.waiting);
  registration.addEventListener("updatefound", () => watchInstalling(registration));
  watchInstalling(registration);
  setInterval(() => void registration.update().catch(() => undefined), UPDATE_CHECK_MS);
  const ready = await navigator.serviceWorker.ready;
  pwa.value = "ready";
  ready.active?.postMessage("painted");
}

export function startServiceWorker(): void {
  if (!isSecureContext) {
    pwa.value = "insecure";
  } else if (!("serviceWorker" in navigator)) {
    pwa.value = "unsupported";
  } else if (import.meta.env.PROD) {
    register().catch(() => {
      pwa.value = "failed";
    });
  }
}
