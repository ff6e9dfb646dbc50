import { batch, signal } from "@preact/signals";
import * as api from "../api/endpoints";
import { LiveConnection, type LiveEvent, type LiveState } from "../api/live";
import type { Alarm, Device, ReadingEvent } from "../api/types";
import { loadSnapshot, saveSnapshot } from "../db/cache";
import { syncNow } from "../sync/engine";
import { alarmsStatus, applyAlarm, clearAlarms, openAlarms, setOpenAlarms } from "./alarms";
import { learnSkew, serverNow } from "./clock";
import { failureOf } from "./load";
import { settleOps } from "./ops";
import * as pointStore from "./points";
import { confirmSession, me, site } from "./session";
import { applyDevice, clearSiteState } from "./site-state";
import { dayFigures } from "./today";

export const SPARK_HOURS = 6;
const SPARK_EVERY_MS = 5 * 60_000;
const FLUSH_MS = 250;
const SAVE_EVERY_MS = 15_000;

export const liveState = signal<LiveState>("connecting");
/** When the connection was lost; shown as "offline since". */
export const downSince = signal<number | null>(null);

let connection: LiveConnection | null = null;
let saveTimer: ReturnType<typeof setInterval> | null = null;
let flushTimer: ReturnType<typeof setTimeout> | null = null;
let waiting: ReadingEvent[] = [];
let sparkAt = 0;

export const isDown = (state: LiveState): boolean => state === "offline" || state === "failing";

async function refresh(siteId: string): Promise<void> {
  const withSpark = Date.now() - sparkAt > SPARK_EVERY_MS;
  // Noted before the answer: two refreshes at the start must not both ask for the costly part.
  if (withSpark) sparkAt = Date.now();
  try {
    const [points, alarms] = await Promise.all([
      api.getPoints(siteId, withSpark ? SPARK_HOURS : undefined),
      api.getOpenAlarms(siteId),
    ]);
    if (site.peek()?.id !== siteId) return;
    batch(() => {
      learnSkew(points);
      pointStore.applyPoints(points);
      setOpenAlarms(alarms);
      pointStore.knownAt.value = serverNow();
    });
    void confirmSession();
    // At once: who opens the app for a moment and walks out of reach should have these values.
    void keepKnown();
  } catch (error) {
    if (withSpark) sparkAt = 0;
    pointStore.pointsFailure.value = failureOf(error);
    if (pointStore.pointsStatus.peek() === "loading") pointStore.pointsStatus.value = "failed";
    if (alarmsStatus.peek() === "loading") alarmsStatus.value = "failed";
    throw error;
  }
}

function flush(): void {
  flushTimer = null;
  const events = waiting;
  waiting = [];
  let unknown = false;
  batch(() => {
    for (const event of events) if (!pointStore.applyReading(event)) unknown = true;
    pointStore.knownAt.value = serverNow();
  });
  if (unknown) {
    sparkAt = 0;
    refreshNow();
  }
}

function refreshNow(): void {
  const current = site.peek();
  if (current) void refresh(current.id).catch(() => undefined);
}

/** Bursts of readings are drawn together: a phone should not redraw for each message. */
function take(kind: LiveEvent, data: unknown): void {
  if (kind === "reading") {
    waiting.push(data as ReadingEvent);
    flushTimer ??= setTimeout(flush, FLUSH_MS);
  } else if (kind === "alarm") {
    const alarm = data as Alarm;
    applyAlarm(alarm);
    settleOps(alarm);
  } else if (kind === "sync") {
    void syncNow();
  } else {
    applyDevice(data as Device);
    if (pointStore.outdatedBy(data as Device)) refreshNow();
  }
}

function onState(state: LiveState): void {
  batch(() => {
    if (isDown(state)) downSince.value ??= serverNow();
    else if (state !== "connecting") downSince.value = null;
    liveState.value = state;
  });
}

async function showKnown(siteId: string): Promise<void> {
  const user = me.peek()?.user.id;
  const known = user ? await loadSnapshot(user, siteId) : undefined;
  // The network may have been faster than the disk.
  if (!known || pointStore.knownAt.peek() !== null || site.peek()?.id !== siteId) return;
  batch(() => {
    pointStore.applyPoints(known.points);
    setOpenAlarms(known.alarms);
    pointStore.knownAt.value = known.savedAt;
  });
}

export async function keepKnown(): Promise<void> {
  const user = me.peek()?.user.id;
  const siteId = site.peek()?.id;
  const savedAt = pointStore.knownAt.peek();
  if (!user || !siteId || savedAt === null || isDown(liveState.peek())) return;
  await saveSnapshot(user, siteId, {
    savedAt,
    points: pointStore.allPoints(),
    alarms: openAlarms.peek(),
  });
}

export function startLive(siteId: string): void {
  stopLive();
  void showKnown(siteId);
  connection = new LiveConnection(api.liveUrl(siteId), {
    event: take,
    state: onState,
    poll: () => refresh(siteId),
  });
  connection.start();
  // The first values should not wait for the stream to be accepted.
  void refresh(siteId).catch(() => connection?.wake());
  saveTimer = setInterval(() => void keepKnown(), SAVE_EVERY_MS);
}

export function stopLive(): void {
  connection?.stop();
  connection = null;
  if (saveTimer) clearInterval(saveTimer);
  if (flushTimer) clearTimeout(flushTimer);
  saveTimer = null;
  flushTimer = null;
  waiting = [];
  sparkAt = 0;
  batch(() => {
    liveState.value = "connecting";
    downSince.value = null;
    pointStore.clearPoints();
    clearAlarms();
    clearSiteState();
    dayFigures.reset();
  });
}

export const wakeLive = (): void => connection?.wake();
