import { signal } from "@preact/signals";
import { findingPath, itemPath, navigate, walkthroughPath } from "../router";
import type { CaptureTarget } from "../work/capture";

/** The walkthrough in which the phone closed the app while its camera was open; null when it did not. */
export const returned = signal<string | null>(null);

export function targetPath({ inspection, item, finding }: CaptureTarget): string | null {
  if (!inspection) return null;
  if (finding) return findingPath(inspection, finding);
  return item ? itemPath(inspection, item) : walkthroughPath(inspection);
}

async function takeTarget(): Promise<CaptureTarget | null> {
  // Not part of the first load: whoever only reads values never needs the camera's part.
  const { pendingTarget, clearTarget } = await import("../work/capture");
  const target = await pendingTarget();
  if (target) await clearTarget();
  return target;
}

/** At the start: a target still noted means that the page was killed under the camera. Go back to that place. */
export async function returnFromCamera(): Promise<void> {
  const target = await takeTarget().catch(() => null);
  const path = target && targetPath(target);
  if (!target || !path) return;
  returned.value = target.inspection;
  navigate(path, true);
}
