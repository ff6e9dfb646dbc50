import type { Level } from "../api/types";

export interface ChartColours {
  ink: string;
  grid: string;
  line: string;
  band: string;
  font: string;
  level: Record<Level, string>;
}

/** Canvas knows no style sheets: the tokens are read off the element that holds it. */
export function chartColours(element: Element): ChartColours {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: token("--ink-2"),
    grid: token("--line"),
    line: token("--data"),
    band: token("--data-soft"),
    font: `13px ${style.fontFamily}`,
    level: { warning: token("--warning"), action: token("--action"), permit: token("--permit") },
  };
}
