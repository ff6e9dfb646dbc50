import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Limit } from "../api/types";
import { theme } from "../store/theme";
import { chartOptions } from "./options";
import { chartColours } from "./theme";

export interface ChartProps {
  kind: "line" | "bars";
  data: uPlot.AlignedData;
  start: number;
  end: number;
  zone: string;
  limits: Limit[];
  label: string;
  onCursor: (index: number | null) => void;
}

const WIDE = 640;
const height = (width: number): number => (width >= WIDE ? 380 : 260);

function moveTo(plot: uPlot, index: number): void {
  const at = plot.data[0][index];
  const value = plot.data[1]?.[index];
  if (at === undefined) return;
  plot.setCursor({ left: plot.valToPos(at, "x"), top: plot.valToPos(value ?? 0, "y") });
}

function onKey(plot: uPlot | null, event: KeyboardEvent): void {
  if (!plot) return;
  const last = plot.data[0].length - 1;
  const current = plot.cursor.idx ?? last;
  const goal = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: last }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  moveTo(plot, Math.min(last, Math.max(0, goal)));
}

/** A finger dragged sideways reads values; up and down still scrolls the page. */
function followTouch(plot: uPlot): void {
  const read = (event: PointerEvent): void => {
    if (event.pointerType === "mouse") return;
    const box = plot.over.getBoundingClientRect();
    plot.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
  };
  plot.over.style.touchAction = "pan-y";
  plot.over.addEventListener("pointerdown", read);
  plot.over.addEventListener("pointermove", read);
}

export default function Chart(props: ChartProps): VNode {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const chosen = theme.value;
  const { kind, data, start, end, zone, limits, onCursor } = props;
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const build = (): void => {
      plot.current?.destroy();
      const setup = { kind, start, end, zone, limits, onCursor, colours: chartColours(element) };
      const width = element.clientWidth;
      plot.current = new uPlot(chartOptions(setup, width, height(width)), data, element);
      followTouch(plot.current);
    };
    build();
    const resized = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (plot.current && width !== plot.current.width)
        plot.current.setSize({ width, height: height(width) });
    });
    resized.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", build);
    return () => {
      dark.removeEventListener("change", build);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [kind, data, start, end, zone, limits, onCursor, chosen]);
  return (
    // A picture that arrow keys walk through; the table below carries the same values.
    <div
      ref={holder}
      class="chart"
      role="img"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard needs a way in
      tabIndex={0}
      aria-label={props.label}
      onKeyDown={(event) => onKey(plot.current, event)}
    />
  );
}
