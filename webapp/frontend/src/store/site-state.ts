import { batch, computed, signal } from "@preact/signals";
import * as api from "../api/endpoints";
import type { Collector, Device } from "../api/types";
import { loadKept, saveKept } from "../db/cache";
import { serverNow } from "./clock";
import { Resource } from "./load";
import { mayLookWithin, me, site } from "./session";

export const devices = new Resource<Device[]>();
/** When the list of devices was last known to be current. */
export const devicesAt = signal<number | null>(null);
export const collectors = new Resource<Collector[]>();

export const newDevices = computed<Device[]>(() =>
  (devices.state.value.data ?? []).filter((device) => device.state === "unassigned"),
);

/** In use, and not heard of. */
export const silentDevices = computed<Device[]>(() =>
  (devices.state.value.data ?? []).filter(
    (device) => device.state === "active" && device.health !== "ok",
  ),
);

const keptKey = (siteId: string): string => `devices:${me.peek()?.user.id}:${siteId}`;

/** Those of the site, and those that wait for somebody who may place them. */
async function fetchDevices(siteId: string): Promise<Device[]> {
  const [own, waiting] = await Promise.all([
    api.getDevices(siteId),
    mayLookWithin.peek() ? api.getNewDevices() : [],
  ]);
  const known = new Set(own.map((device) => device.id));
  const mine = waiting.filter(
    ({ id, site: of }) => !known.has(id) && (of === null || of === siteId),
  );
  return [...own, ...mine];
}

export async function loadDevices(): Promise<void> {
  const siteId = site.peek()?.id;
  if (!siteId) return;
  await devices.fetch(() => fetchDevices(siteId));
  const { status, data } = devices.state.peek();
  if (status !== "ready" || !data || site.peek()?.id !== siteId) return;
  const at = serverNow();
  devicesAt.value = at;
  await saveKept(keptKey(siteId), { at, data });
}

/** What this phone has kept, as long as the server has said nothing. */
export async function showKeptDevices(): Promise<void> {
  const siteId = site.peek()?.id;
  const kept = siteId ? await loadKept<Device[]>(keptKey(siteId)) : undefined;
  if (!kept || devices.state.peek().data || site.peek()?.id !== siteId) return;
  batch(() => {
    devices.state.value = { ...devices.state.peek(), data: kept.data };
    devicesAt.value = kept.at;
  });
}

export async function loadSiteState(): Promise<void> {
  if (!site.peek()) return;
  await Promise.all([loadDevices(), collectors.fetch(api.getCollectors)]);
}

/** An event tells what changed, and not all that the list has. */
export function applyDevice(device: Device): void {
  const list = devices.state.peek().data;
  if (!list) return;
  const old = list.find((item) => item.id === device.id);
  const others = list.filter((item) => item.id !== device.id);
  devices.set([...others, { ...old, ...device }]);
}

export function clearSiteState(): void {
  batch(() => {
    devices.reset();
    devicesAt.value = null;
    collectors.reset();
  });
}
