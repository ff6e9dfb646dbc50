/** Devices, their profiles and places, as `/api/v1` has them. */

import type { Level, Named, Place, Quality } from "./types";

/** What a device that nobody has adopted yet has said last. */
export interface FirstValue {
  metric: string;
  label: string;
  value: number | null;
  unit: string;
  precision: number;
  observed_at: string | null;
  quality: Quality;
  reasons: string[];
}

/** A profile that reads something in the device's message; the best comes first. */
export interface Suggestion extends Named {
  metrics: number;
}

export interface Device {
  id: string;
  name: string;
  source_name: string;
  site: string | null;
  location: Place | null;
  aspect?: Named | null;
  profile?: string | null;
  profile_name?: string | null;
  state: "unassigned" | "active" | "retired";
  first_seen_at?: string | null;
  last_seen_at: string | null;
  stale_after_s?: number;
  health: "ok" | "silent" | "never";
  points: string[];
  topic?: string | null;
  values?: FirstValue[];
  suggested?: Suggestion[];
}

export interface DeviceGap {
  from: string;
  to: string;
}

export interface DeadLetter {
  id: string;
  reason: string;
  detail: string;
  topic: string;
  last_seen_at: string;
  count: number;
}

export interface LastMessage {
  topic: string;
  payload: string;
  /** Bytes that are no text come as hex. */
  encoding: "text" | "hex";
  /** Of all of it, in bytes. */
  size: number;
  received_at: string;
  truncated: boolean;
}

export interface Caveat {
  text: string;
  link: string;
}

/** A limit to start from, as the vendor or a standard has it; nobody is bound by it. */
export interface SuggestedLimit {
  metric: string;
  kind: string;
  level: Level;
  value: number;
  unit: string;
  why: string;
}

export interface CalibrationHint {
  every_days: number;
  metrics: string[];
}

/** What a device says of itself. */
export interface OwnValue {
  metric: string;
  value: number;
  unit: string;
  observed_at: string | null;
}

/**
 * One device with all that is known of it. From the list alone only the upper part is known; `gaps` lack while the store
 * of readings is away, `dead_letters` for those who may not see them.
 */
export interface DeviceDetail extends Device {
  battery?: OwnValue | null;
  signal?: OwnValue | null;
  expected_every_s?: number | null;
  /** Of the last 24 hours. */
  gaps?: DeviceGap[];
  uplinks_lost?: number | null;
  /** Of its topic, in the last seven days. */
  dead_letters?: { count: number; latest: DeadLetter[] };
  last_message?: LastMessage | null;
  caveats?: Caveat[];
  limits?: SuggestedLimit[];
  calibration?: CalibrationHint[];
}

export interface Profile extends Named {
  vendor: string | null;
  model: string | null;
  kind: string | null;
  metrics: string[];
}

export interface LocationRecord extends Place {
  parent: string | null;
  site: string;
}

/** What is left out stays as it is. `state`: that it was seen in, refused when somebody was quicker. */
export interface Adoption {
  site: string;
  state?: "unassigned";
  location?: string | null;
  profile?: string | null;
  name?: string;
  aspect?: string | null;
}
