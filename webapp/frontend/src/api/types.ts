/** The records of `/api/v1`, as far as the screens read them. */

export type { Device } from "./device-types";

import type { FindingKind, Outcome, ReadingSnapshot, TemplateContent, Value } from "../work/types";

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

/** What an auditor should know about the stream itself. */
export interface CollectorEvent {
  id: string;
  kind: string;
  detail: string;
  started_at: string;
  ended_at: string;
}

/** Why a collector can store nothing. */
export interface CollectorTrouble {
  kind: string;
  detail: string;
  since: string | null;
}

/** What waits for one destination; `error` is what that said last. */
export interface CollectorOutbox {
  destination: string;
  depth: number;
  age_s: number;
  parked: number;
  error: string | null;
}

export interface Collector {
  id: string;
  state: "running" | "silent";
  connected: boolean;
  last_seen_at: string | null;
  durable_broker: boolean;
  received: number | null;
  stored: number | null;
  dead_letters: number | null;
  brokers?: { name: string; connected: boolean }[];
  outbox?: CollectorOutbox[];
  trouble?: CollectorTrouble | null;
  events?: CollectorEvent[];
}

export interface ReadingEvent {
  point: string;
  value: number | null;
  quality: Quality;
  reasons: string[];
  observed_at: string;
}

/** `id` is "" for somebody whom the server knows by name only. */
export interface RemoteAuthor {
  id: string;
  username: string;
  name: string;
}

/** What everything that came from a phone says of its coming. */
interface FromPhone {
  id: string;
  device_id: string;
  utc_offset_min: number;
  skew_ms: number | null;
  author: RemoteAuthor;
  delivered_by: string | null;
  received_at: string;
}

export interface RemoteTemplate {
  id: string;
  version: number;
  current: boolean;
  site: string;
  title: string;
  description: string;
  sha256: string;
  content: TemplateContent;
  revision: number;
  created_by: string;
  updated_at: string;
}

export interface RemoteAnswer extends FromPhone {
  inspection: string;
  item: string;
  repeat: number;
  value: Value | null;
  note: string;
  aspect: string | null;
  location: string | null;
  reading: ReadingSnapshot | null;
  photos: string[];
  answered_at: string;
  replaces: string[];
  late: boolean;
  current: boolean;
  sha256: string;
}

export interface RemoteFinding extends FromPhone {
  site: string;
  inspection: string | null;
  item: string | null;
  kind: FindingKind;
  text: string;
  aspect: string | null;
  location: string | null;
  photos: string[];
  found_at: string;
  revision: number;
  updated_at: string;
  sha256: string;
}

export interface RemoteLink extends FromPhone {
  inspection: string | null;
  answer: string | null;
  item: string | null;
  finding: string | null;
  aspect: string | null;
  location: string | null;
  device: string | null;
  caption: string;
  source: "camera" | "gallery";
  captured_at: string;
  lat: number | null;
  lon: number | null;
  accuracy: number | null;
  located_at: string | null;
}

export interface RemotePhoto {
  sha256: string;
  size: number | null;
  mime: string | null;
  width: number | null;
  height: number | null;
  state: "awaited" | "verified";
  rendition: "pending" | "ready" | "none";
  rendition_reason: string | null;
  received_at: string | null;
  links: RemoteLink[];
}

export type RemoteState = "draft" | "submitted" | "complete";

export interface ListedInspection extends FromPhone {
  site: string;
  template: { id: string; version: number; title: string };
  state: RemoteState;
  flagged: boolean;
  started_at: string;
  submitted_at: string | null;
  completed_at: string | null;
  revision: number;
  updated_at: string;
  progress: { items: number; answered: number; fail: number };
  missing: string[];
}

/** As `/sync` sends it: with all that belongs to it, but without the content of its template. */
export interface FollowedInspection extends ListedInspection {
  answers: RemoteAnswer[];
  findings: RemoteFinding[];
  photos: RemotePhoto[];
  submissions: {
    version: number;
    content_sha256: string;
    submitted_at: string;
    received_at: string;
    author: RemoteAuthor;
    delivered_by: string | null;
    photos: { sha256: string; size: number; mime: string }[];
  }[];
}

export interface RemoteInspection extends FollowedInspection {
  content: TemplateContent;
}

export interface RemotePlace extends Place {
  parent: string | null;
  token: string;
  [more: string]: unknown;
}

export interface RemoteAspect extends Named {
  [more: string]: unknown;
}

export interface SyncAnswer {
  cursor: string;
  /** The server's database was set back since the cursor was given: what was sent may be lost there. */
  anew: boolean;
  changed: {
    templates: RemoteTemplate[];
    locations: RemotePlace[];
    aspects: RemoteAspect[];
    inspections: FollowedInspection[];
  };
  removed: Record<string, string[]>;
  server_time: string;
}

export interface EvidenceItem {
  kind: "photo" | "answer" | "finding" | "alarm";
  at: string;
  photo?: RemotePhoto;
  answer?: RemoteAnswer;
  question?: string;
  text?: string;
  outcome?: Outcome;
  walkthrough?: { id: string; title: string; state: RemoteState };
  finding?: RemoteFinding;
  alarm?: Alarm;
}

export interface Evidence {
  aspect: RemoteAspect;
  items: EvidenceItem[];
  photos: RemotePhoto[];
}
