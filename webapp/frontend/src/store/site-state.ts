import { computed } from "@preact/signals";
import * as api from "../api/endpoints";
import type { Collector, Device } from "../api/types";
import { Resource } from "./load";
import { site } from "./session";

export const devices = new Resource<Device[]>();
export const collectors = new Resource<Collector[]>();

export const troubledDevices = computed<Device[]>(() =>
  (devices.state.value.data ?? []).filter(
    (device) =>
      device.state === "unassigned" || (device.state === "active" && device.health !== "ok"),
  ),
);

export async function loadSiteState(): Promise<void> {
  const current = site.peek();
  if (!current) return;
  await Promise.all([
    devices.fetch(() => api.getDevices(current.id)),
    collectors.fetch(api.getCollectors),
  ]);
}

export function applyDevice(device: Device): void {
  const list = devices.state.peek().data;
  if (!list) return;
  const others = list.filter((item) => item.id !== device.id);
  devices.set([...others, device]);
}

export function clearSiteState(): void {
  devices.reset();
  collectors.reset();
}
