/** The records of `/api/v1`, as far as the screens read them. */

export type Quality = "good" | "uncertain" | "bad";
export type Level = "warning" | "action" | "permit";
export type Priority = "low" | "medium" | "high" | "critical";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Site {
  id: string;
  name: string;
  timezone: string;
}

export interface Me {
  user: { id: string; username: string; name: string };
  role: string;
  roles: string[];
  sites: Site[];
}

export interface Named {
  id: string;
  name: string;
}

export interface Place extends Named {
  path: string;
}

export interface Limit {
  id: string;
  version: number;
  kind: string;
  level: Level;
  value: number;
  deadband: number;
  on_delay_s: number;
  off_delay_s: number;
  priority: Priority;
  message: string | null;
}

export interface SparkData {
  t: number[];
  mean: (number | null)[];
}

export interface Point {
  point: string;
  device: string;
  device_name: string;
  metric: string;
  label: string;
  kind: "gauge" | "counter";
  precision: number;
  site: string | null;
  location: Place | null;
  aspect: Named | null;
  unit: string;
  value: number | null;
  quality: Quality;
  reasons: string[];
  observed_at: string | null;
  age_s: number | null;
  stale_after_s: number | null;
  alarm: { id: string; level: Level; state: string; priority: Priority } | null;
  limits: Limit[];
  spark?: SparkData | null;
}

export interface Device {
  id: string;
  name: string;
  source_name: string;
  site: string | null;
  location: Place | null;
  state: "unassigned" | "active" | "retired";
  last_seen_at: string | null;
  health: "ok" | "silent" | "never";
  points: string[];
}

export interface Transition {
  id: string;
  kind: "raised" | "cleared" | "acknowledged" | "commented";
  at: string;
  by: string | null;
  note: string | null;
  value: number | null;
}

export interface Alarm {
  id: string;
  limit: string | null;
  limit_version: number | null;
  point: string | null;
  device_name: string | null;
  label: string | null;
  unit: string | null;
  precision?: number;
  site: string | null;
  level: Level;
  priority: Priority;
  kind: string;
  threshold: number | null;
  condition: "active" | "cleared";
  acknowledgement: "unacked" | "acked";
  state: "active_unacked" | "active_acked" | "cleared_unacked" | "normal";
  display: string;
  raised_at: string;
  cleared_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  value: number | null;
  peak: number | null;
  location: Place | null;
  aspect: Named | null;
  message: string | null;
  transitions?: Transition[];
}

export type OpKind = "acknowledge" | "comment";

export interface OpRequest {
  op: OpKind;
  done_at: string;
  note: string;
}

export interface OpAnswer {
  id: string;
  alarm: string;
  op: OpKind;
  state: string;
  done_at: string;
  note: string | null;
  by: string | null;
}

export interface Series {
  point: string;
  unit: string;
  resolution_s: number;
  t: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  count: (number | null)[];
}

export interface CollectorEvent {
  id: string;
  kind: string;
  started_at: string;
  ended_at: string;
}

export interface Collector {
  id: string;
  state: "running" | "silent";
  connected: boolean;
  last_seen_at: string | null;
  durable_broker: boolean;
  outbox_depth: number | null;
  outbox_age_s: number | null;
  received: number | null;
  stored: number | null;
  dead_letters: number | null;
  events?: CollectorEvent[];
}

export interface ReadingEvent {
  point: string;
  value: number | null;
  quality: Quality;
  reasons: string[];
  observed_at: string;
}
