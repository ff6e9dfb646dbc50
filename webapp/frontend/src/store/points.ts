import { batch, computed, type Signal, signal } from "@preact/signals";
import type { Device, Point, ReadingEvent } from "../api/types";
import { qualityAt } from "../lib/quality";
import { now } from "./clock";
import type { Failure } from "./load";

export type PointSignal = Signal<Point>;

/** One signal for each point, so that a reading redraws its own row and nothing else. */
export const points = signal<ReadonlyMap<string, PointSignal>>(new Map());
export const pointsStatus = signal<"loading" | "ready" | "failed">("loading");
export const pointsFailure = signal<Failure | null>(null);
/** When the values on the screen were last known to be current. */
export const knownAt = signal<number | null>(null);

function newer(a: string | null, b: string | null): boolean {
  return a !== null && (b === null || Date.parse(a) > Date.parse(b));
}

/** A list fetched before a live event arrived must not take the newer value back. */
function merge(old: Point, fresh: Point): Point {
  const spark = fresh.spark ?? old.spark ?? null;
  if (!newer(old.observed_at, fresh.observed_at)) return { ...fresh, spark };
  const { value, quality, reasons, observed_at } = old;
  return { ...fresh, spark, value, quality, reasons, observed_at };
}

export function applyPoints(items: Point[]): void {
  const old = points.peek();
  batch(() => {
    const next = new Map<string, PointSignal>();
    for (const item of items) {
      const known = old.get(item.point);
      if (known) known.value = merge(known.peek(), item);
      next.set(item.point, known ?? signal(item));
    }
    points.value = next;
    pointsStatus.value = "ready";
    pointsFailure.value = null;
  });
}

/** Answers whether the point is known; a new point needs the list again. */
export function applyReading(event: ReadingEvent): boolean {
  const known = points.peek().get(event.point);
  if (!known) return false;
  const old = known.peek();
  if (newer(old.observed_at, event.observed_at)) return true;
  const { value, quality, reasons, observed_at } = event;
  known.value = { ...old, value, quality, reasons: reasons ?? [], observed_at };
  return true;
}

/** A device was named, placed or retired: its points need the list again. Else they would stand where it was for ever. */
export function outdatedBy({ id, state, name, location, stale_after_s }: Device): boolean {
  const mine = [...points.peek().values()].map((item) => item.peek());
  return mine.some(
    (point) =>
      point.device === id &&
      (state === "retired" ||
        point.device_name !== name ||
        point.location?.path !== location?.path ||
        point.stale_after_s !== stale_after_s),
  );
}

export function clearPoints(): void {
  batch(() => {
    points.value = new Map();
    pointsStatus.value = "loading";
    pointsFailure.value = null;
    knownAt.value = null;
  });
}

export interface PlaceGroup {
  id: string;
  path: string | null;
  points: PointSignal[];
}

/** Grouped by place; order inside a group is the server's. */
export const byPlace = computed<PlaceGroup[]>(() => {
  const groups = new Map<string, PlaceGroup>();
  for (const item of points.value.values()) {
    const place = item.peek().location;
    const id = place?.id ?? "";
    const group = groups.get(id) ?? { id, path: place?.path ?? null, points: [] };
    group.points.push(item);
    groups.set(id, group);
  }
  return [...groups.values()].sort((a, b) => {
    if (a.path === null || b.path === null) return a.path === null ? 1 : -1;
    return a.path.localeCompare(b.path);
  });
});

export const troubledPoints = computed<PointSignal[]>(() => {
  const at = now.value;
  return [...points.value.values()].filter((item) => qualityAt(item.value, at).quality !== "good");
});

export const allPoints = (): Point[] => [...points.peek().values()].map((item) => item.peek());
