import type { Device, DeviceGap, OwnValue } from "../api/device-types";

export type Health = Device["health"] | "retired";

/** Time passing makes a device silent on the screen even when no message says so. */
export function healthAt(device: Device, now: number): Health {
  if (device.state === "retired") return "retired";
  if (!device.last_seen_at) return "never";
  const stale = device.stale_after_s;
  if (!stale) return device.health;
  return now - Date.parse(device.last_seen_at) > stale * 1000 ? "silent" : device.health;
}

export const displayName = (device: Device): string => device.name || device.source_name;

/** Everything a person may know it by. */
export function matches(device: Device, text: string): boolean {
  const words = [
    device.id,
    device.name,
    device.source_name,
    device.location?.path,
    device.aspect?.name,
    device.profile_name,
    device.topic,
  ];
  const haystack = words.filter(Boolean).join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

export interface DevicePlace {
  id: string;
  path: string | null;
  devices: Device[];
}

/** Grouped by place, in the order of their paths; those without one come last. */
export function byPlace(devices: Device[]): DevicePlace[] {
  const groups = new Map<string, DevicePlace>();
  const sorted = [...devices].sort((a, b) => displayName(a).localeCompare(displayName(b)));
  for (const device of sorted) {
    const id = device.location?.id ?? "";
    const group = groups.get(id) ?? { id, path: device.location?.path ?? null, devices: [] };
    group.devices.push(device);
    groups.set(id, group);
  }
  return [...groups.values()].sort((a, b) => {
    if (a.path === null || b.path === null) return a.path === null ? 1 : -1;
    return a.path.localeCompare(b.path);
  });
}

export type Charge = "good" | "half" | "low" | "unrated";

/** Volts alone say nothing without the kind of battery. */
export function charge({ value, unit }: OwnValue): Charge {
  if (unit !== "%") return "unrated";
  return value >= 50 ? "good" : value >= 20 ? "half" : "low";
}

export type Strength = "strong" | "fair" | "weak" | "unrated";

/** Zigbee counts to 255. */
const LINK_BOUNDS: readonly [number, number] = [150, 70];

/** dBm means one thing to Wi-Fi and another to LoRaWAN, which is heard at −120: only what both call strong is called so. */
export function strength({ metric, value }: OwnValue): Strength {
  if (metric === "link_quality")
    return value >= LINK_BOUNDS[0] ? "strong" : value >= LINK_BOUNDS[1] ? "fair" : "weak";
  if (metric !== "signal_strength") return "unrated";
  return value >= -70 ? "strong" : value >= -115 ? "fair" : "weak";
}

export interface Span {
  from: number;
  to: number;
}

/** Gaps inside a span of time, in order, as far as they lie in it. */
export function gapsIn(gaps: DeviceGap[], start: number, end: number): Span[] {
  return gaps
    .map(({ from, to }) => ({
      from: Math.max(start, Date.parse(from)),
      to: Math.min(end, Date.parse(to)),
    }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
}
