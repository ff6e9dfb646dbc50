import { signal } from "@preact/signals";
import { readPref, writePref } from "../db/prefs";

export type Theme = "auto" | "light" | "dark";
export const THEMES: Theme[] = ["auto", "light", "dark"];

const stored = readPref("theme");
export const theme = signal<Theme>(THEMES.find((name) => name === stored) ?? "auto");

export function chooseTheme(name: Theme): void {
  theme.value = name;
  writePref("theme", name);
}
