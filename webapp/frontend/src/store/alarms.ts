import { batch, computed, signal } from "@preact/signals";
import * as api from "../api/endpoints";
import type { Alarm } from "../api/types";
import { bySeverity, isOpen } from "../lib/alarms";
import { type Failure, failureOf, Resource } from "./load";

const open = signal<ReadonlyMap<string, Alarm>>(new Map());
export const alarmsStatus = signal<"loading" | "ready" | "failed">("loading");
/** The newest alarm that arrived while the app was open: read out to screen readers. */
export const arrived = signal<Alarm | null>(null);

export const openAlarms = computed<Alarm[]>(() => [...open.value.values()].sort(bySeverity));

export const worstByPoint = computed<ReadonlyMap<string, Alarm>>(() => {
  const worst = new Map<string, Alarm>();
  for (const alarm of openAlarms.value) {
    if (alarm.point && !worst.has(alarm.point)) worst.set(alarm.point, alarm);
  }
  return worst;
});

export interface Ended {
  items: Alarm[];
  next: string | null;
}
export const ended = new Resource<Ended>();
export const endedFailure = signal<Failure | null>(null);

/** The alarm that is being looked at, with its transitions. */
export const detail = new Resource<Alarm>();
let detailId: string | null = null;

export function setOpenAlarms(items: Alarm[]): void {
  batch(() => {
    open.value = new Map(items.filter(isOpen).map((alarm) => [alarm.id, alarm]));
    alarmsStatus.value = "ready";
  });
}

export function applyAlarm(alarm: Alarm): void {
  const known = open.peek().get(alarm.id);
  const next = new Map(open.peek());
  if (isOpen(alarm)) next.set(alarm.id, alarm);
  else next.delete(alarm.id);
  batch(() => {
    open.value = next;
    if (!known && alarm.state === "active_unacked") arrived.value = alarm;
    if (!isOpen(alarm)) moveToEnded(alarm);
  });
  if (detailId === alarm.id) void refreshDetail();
}

function moveToEnded(alarm: Alarm): void {
  const list = ended.state.peek().data;
  if (!list) return;
  ended.set({ ...list, items: [alarm, ...list.items.filter((item) => item.id !== alarm.id)] });
}

export const knownAlarm = (id: string): Alarm | null =>
  open.value.get(id) ?? ended.state.value.data?.items.find((item) => item.id === id) ?? null;

export async function loadEnded(siteId: string): Promise<void> {
  await ended.fetch(() => api.getEndedAlarms(siteId, null));
}

export async function loadMoreEnded(siteId: string): Promise<void> {
  const list = ended.state.peek().data;
  if (!list?.next) return;
  try {
    const page = await api.getEndedAlarms(siteId, list.next);
    ended.set({ items: [...list.items, ...page.items], next: page.next });
    endedFailure.value = null;
  } catch (error) {
    endedFailure.value = failureOf(error);
  }
}

export async function openDetail(id: string): Promise<void> {
  if (detailId !== id) detail.reset();
  detailId = id;
  await refreshDetail();
}

export async function refreshDetail(): Promise<void> {
  const id = detailId;
  if (id) await detail.fetch(() => api.getAlarm(id));
}

export function closeDetail(id: string): void {
  if (detailId === id) detailId = null;
}

export function clearAlarms(): void {
  batch(() => {
    open.value = new Map();
    alarmsStatus.value = "loading";
    arrived.value = null;
    ended.reset();
    detail.reset();
  });
  detailId = null;
}
