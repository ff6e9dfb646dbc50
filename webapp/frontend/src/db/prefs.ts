/** Small choices of this device. Storage may be forbidden; then they last as long as the page. */
const memory = new Map<string, string>();
const PREFIX = "fieldproof.";

export function readPref(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

export function writePref(name: string, value: string): void {
  memory.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // The copy in memory serves until the page closes.
  }
}

export function dropPref(name: string): void {
  memory.delete(name);
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // It was never there.
  }
}
