import type uPlot from "uplot";
import type { Limit } from "../api/types";
import { formatShort } from "../i18n/format";
import { t } from "../i18n/t";
import type { ChartColours } from "./theme";

const ROOM = 1.2;

/** Limits far from the data would flatten it; the nearest one is always shown, for scale. */
export function visibleLimits(limits: Limit[], low: number, high: number): Limit[] {
  const judged = limits.filter((limit) => limit.kind === "high" || limit.kind === "low");
  const span = high - low;
  const distance = (limit: Limit): number => Math.max(limit.value - high, low - limit.value, 0);
  const nearest = Math.min(...judged.map(distance));
  return judged.filter((limit) => distance(limit) <= span * ROOM || distance(limit) === nearest);
}

export function scaleRange(limits: Limit[], low: number, high: number): [number, number] {
  const values = [low, high, ...visibleLimits(limits, low, high).map((limit) => limit.value)];
  const bottom = Math.min(...values);
  const top = Math.max(...values);
  const margin = (top - bottom || Math.abs(top) || 1) * 0.08;
  return [bottom - margin, top + margin];
}

/** Height of the limit in canvas pixels; null when it lies outside the picture. */
function heightOf(plot: uPlot, limit: Limit): number | null {
  const { top, height } = plot.bbox;
  const y = plot.valToPos(limit.value, "y", true);
  return y < top || y > top + height ? null : y;
}

/** Painted under the data: the ground on which the values must not stand. */
export function drawZones(plot: uPlot, limits: Limit[], colours: ChartColours): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.globalAlpha = 0.1;
  for (const limit of limits) {
    const y = heightOf(plot, limit);
    if (y === null) continue;
    const high = limit.kind === "high";
    ctx.fillStyle = colours.level[limit.level];
    ctx.fillRect(
      bbox.left,
      high ? bbox.top : y,
      bbox.width,
      high ? y - bbox.top : bbox.top + bbox.height - y,
    );
  }
  ctx.restore();
}

function drawLine(plot: uPlot, limit: Limit, colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const y = heightOf(plot, limit);
  if (y === null) return;
  const high = limit.kind === "high";
  const colour = colours.level[limit.level];
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  // The graver the limit, the more solid its line: colour is not the only difference.
  const dash = { warning: [3, 4], action: [8, 4], permit: [] }[limit.level] ?? [];
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.fillStyle = colour;
  ctx.textAlign = "left";
  ctx.textBaseline = high ? "bottom" : "top";
  const shift = (high ? -3 : 3) * devicePixelRatio;
  const text = `${t(`level_title.${limit.level}`)} ${formatShort(limit.value)}`;
  ctx.fillText(text, bbox.left + 6 * devicePixelRatio, y + shift);
}

export function drawLimits(plot: uPlot, limits: Limit[], colours: ChartColours): void {
  const { ctx } = plot;
  ctx.save();
  ctx.font = colours.font.replace(/^\d+/, (size) => String(Number(size) * devicePixelRatio));
  for (const limit of limits) drawLine(plot, limit, colours);
  ctx.restore();
}
