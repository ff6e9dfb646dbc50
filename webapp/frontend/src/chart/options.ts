import uPlot from "uplot";
import type { Limit } from "../api/types";
import { formatClock, formatDay, formatShort } from "../i18n/format";
import { drawLimits, drawZones, scaleRange } from "./limits";
import type { ChartColours } from "./theme";

const DAY_MS = 86_400_000;

export interface ChartSetup {
  kind: "line" | "bars";
  start: number;
  end: number;
  zone: string;
  limits: Limit[];
  colours: ChartColours;
  onCursor: (index: number | null) => void;
}

function axes({ zone, colours }: ChartSetup): uPlot.Axis[] {
  const common = { stroke: colours.ink, font: colours.font, ticks: { show: false } };
  return [
    {
      ...common,
      space: 64,
      size: 30,
      grid: { show: false },
      values: (_plot, splits, _axis, _space, step) =>
        splits.map((at) => {
          const clock = formatClock(at, zone);
          return step >= DAY_MS || clock === "00:00" ? formatDay(at, zone) : clock;
        }),
    },
    {
      ...common,
      // Room for the longest label: 52 px are enough for five figures.
      size: (_plot, values) =>
        Math.max(52, 16 + 8 * Math.max(0, ...(values ?? []).map((text) => text.length))),
      grid: { stroke: colours.grid, width: 1 },
      values: (_plot, splits) => splits.map(formatShort),
    },
  ];
}

/** A value between two gaps has no line to be seen by: it gets a dot. */
const isolated: uPlot.Series.Points.Filter = (plot, series) => {
  const values = plot.data[series] ?? [];
  const known = (index: number): boolean => values[index] !== null && values[index] !== undefined;
  return Array.from(values.keys()).filter(
    (index) => known(index) && !known(index - 1) && !known(index + 1),
  );
};

function lineSeries(colours: ChartColours): uPlot.Series[] {
  const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
  const points = { show: true, size: 6, fill: colours.line, filter: isolated };
  return [{}, { stroke: colours.line, width: 2, points }, edge, { ...edge }];
}

function barSeries(colours: ChartColours): uPlot.Series[] {
  const paths = uPlot.paths.bars?.({ size: [0.8, 64], align: 1, radius: 0.12 });
  const points = { show: false };
  return [
    {},
    { stroke: colours.line, fill: colours.line, width: 0, points, ...(paths ? { paths } : {}) },
  ];
}

function yRange(setup: ChartSetup): uPlot.Range.Function {
  return (_plot, low, high) => {
    const bottom = low ?? 0;
    const top = high ?? 1;
    if (setup.kind === "bars") return [0, top * 1.08 || 1];
    return scaleRange(setup.limits, bottom, top);
  };
}

export function chartOptions(setup: ChartSetup, width: number, height: number): uPlot.Options {
  const line = setup.kind === "line";
  return {
    width,
    height,
    ms: 1,
    tzDate: (at) => uPlot.tzDate(new Date(at), setup.zone),
    padding: [12, 22, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: line } },
    scales: {
      x: { time: true, range: [setup.start, setup.end] },
      y: { range: yRange(setup) },
    },
    series: line ? lineSeries(setup.colours) : barSeries(setup.colours),
    ...(line ? { bands: [{ series: [3, 2] as [number, number], fill: setup.colours.band }] } : {}),
    axes: axes(setup),
    hooks: {
      drawClear: line ? [(plot) => drawZones(plot, setup.limits, setup.colours)] : [],
      draw: line ? [(plot) => drawLimits(plot, setup.limits, setup.colours)] : [],
      setCursor: [(plot) => setup.onCursor(plot.cursor.idx ?? null)],
    },
  };
}
