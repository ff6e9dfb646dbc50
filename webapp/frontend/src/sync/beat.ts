import { type Progress, tellOthers } from "../work/changes";
import { progress, showProgress } from "./status";

/** Shows where the run is, here and in the other tabs: they must not take a long photo for a dead tab. */
export function publish(next: Progress): void {
  showProgress(next);
  tellOthers({ kind: "progress", progress: next });
}

export const beat = (): void => publish({ ...progress.peek() });
