import type { Manifest } from "./bodies";
import type { Capture } from "./types";

/** Each photo once. Of another phone's photo that the server still waits for, nobody here knows the size. */
export function manifestOf(captures: Capture[]): Manifest[] {
  const found = new Map<string, Manifest>();
  for (const { sha256, size, mime } of captures) {
    if (size > 0) found.set(sha256, { sha256, size, mime });
  }
  return [...found.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
}
