/** One device as its page shows it. Loaded with the device screens. */

import { batch, signal } from "@preact/signals";
import type { Adoption, Device, DeviceDetail } from "../api/device-types";
import * as api from "../api/devices";
import { loadKept, saveKept } from "../db/cache";
import { now, serverNow } from "./clock";
import { isDown, liveState } from "./live";
import { Resource } from "./load";
import { points } from "./points";
import { me } from "./session";
import { applyDevice, devices, devicesAt, loadDevices, showKeptDevices } from "./site-state";

export const detail = new Resource<DeviceDetail>();
/** When what the page shows was last known to be current. */
export const detailAt = signal<number | null>(null);
/** What was done with a device a moment ago. */
export const lastDone = signal<{ id: string; done: Done } | null>(null);

/** What was kept is judged by the moment it is of: a phone without a network hears nobody. */
export const judgedAt = (at: number | null): number =>
  isDown(liveState.value) && at !== null ? at : now.value;

/** Values arrive one by one and at once, what the server says of the device every few seconds: the later one is true. */
export function heardAt(device: Device): string | null {
  let last = device.last_seen_at;
  for (const metric of device.points) {
    const point = points.value.get(`${device.id}/${metric}`)?.value;
    const at = point?.observed_at;
    if (!at || point.reasons.includes("clock") || Date.parse(at) > serverNow()) continue;
    if (!last || Date.parse(at) > Date.parse(last)) last = at;
  }
  return last;
}

const keptKey = (id: string): string => `device:${me.peek()?.user.id}:${id}`;

/** The page of this device begins: what was shown of another one goes. */
export function openDevice(id: string): void {
  if (detail.state.peek().data?.id === id) return;
  batch(() => {
    detail.reset();
    detailAt.value = null;
  });
}

export async function loadDevice(id: string): Promise<void> {
  await detail.fetch(() => api.getDevice(id));
  const { status, data } = detail.state.peek();
  if (status !== "ready" || data?.id !== id) return;
  const at = serverNow();
  detailAt.value = at;
  await saveKept(keptKey(id), { at, data });
}

/** What this phone knows: the page as it was last seen, else what the list says of the device. */
export async function showKeptDevice(id: string): Promise<void> {
  const kept = await loadKept<DeviceDetail>(keptKey(id));
  if (!kept) await showKeptDevices();
  const listed = devices.state.peek().data?.find((device) => device.id === id);
  const data = kept?.data ?? listed;
  if (!data || detail.state.peek().data) return;
  batch(() => {
    detail.state.value = { ...detail.state.peek(), data };
    detailAt.value = kept?.at ?? devicesAt.peek();
  });
}

type Done = "adopted" | "changed" | "retired";

/** What the server has answered, on every screen at once. */
function tell(id: string, answer: Device, done: Done): void {
  batch(() => {
    applyDevice(answer);
    const shown = detail.state.peek().data;
    if (shown?.id === id) detail.set({ ...shown, ...answer });
    lastDone.value = { id, done };
  });
  void loadDevices();
}

/** Waits for the server's word: an adoption that only seems to be done would leave values without a place. */
export async function adoptDevice(id: string, body: Adoption, done: Done): Promise<void> {
  tell(id, await api.adopt(id, body), done);
}

export async function retireDevice(id: string): Promise<void> {
  tell(id, await api.retire(id), "retired");
}
