/** What a walkthrough consists of on this phone. Times are epoch milliseconds by the phone's clock. */

export interface Author {
  id: string;
  username: string;
  name: string;
}

export type ItemType = "check" | "choice" | "number" | "text" | "photo" | "reading";

export interface Option {
  id: string;
  label: string;
  outcome: "pass" | "fail" | "neutral";
}

export interface Item {
  id: string;
  type: ItemType;
  question: string;
  help: string;
  aspect: string | null;
  clauses: string[];
  required: boolean;
  photo: "optional" | "required" | "on_fail";
  note: "optional" | "on_fail";
  options?: Option[];
  multiple?: boolean;
  unit?: string;
  precision?: number;
  low?: number | null;
  high?: number | null;
  min?: number | null;
  max?: number | null;
  point?: string;
}

export interface Section {
  id: string;
  title: string;
  location: string | null;
  items: Item[];
}

export interface TemplateContent {
  title: string;
  description: string;
  gallery: boolean;
  sections: Section[];
}

export interface Template {
  id: string;
  version: number;
  site: string;
  title: string;
  description: string;
  sha256: string;
  content: TemplateContent;
}

export type Value =
  | { choice: "pass" | "fail" | "na" }
  | { options: string[] }
  | { number: number; text: string }
  | { text: string }
  | { photos: number }
  | { source: "sensor" }
  | { source: "handheld"; number: number; text: string; instrument: string };

export type Outcome = "pass" | "fail" | "na" | "neutral" | "unanswered";

/** The sensor's value as it was seen when the question was answered. */
export interface ReadingSnapshot {
  point: string;
  label: string;
  value: number | null;
  unit: string;
  precision: number;
  quality: "good" | "uncertain" | "bad";
  reasons: string[];
  observed_at: string;
  age_s: number;
  freshness: "live" | "cached";
  limits: { kind: string; level: string; value: number }[];
}

/** `server` is what the server last said of it; null as long as it has never heard of it. */
export interface Inspection {
  id: string;
  site: string;
  template: Template;
  author: Author;
  deviceId: string;
  startedAt: number;
  utcOffsetMin: number;
  skewMs: number | null;
  state: "draft" | "submitted";
  submittedAt: number | null;
  /** The item that was open last, to carry on there. */
  lastItem: string | null;
  server: ServerWord | null;
}

export interface ServerWord {
  state: "draft" | "submitted" | "complete";
  missing: string[];
  flagged: boolean;
  /** Of the server's record, so that an older answer that comes late is known as such. */
  revision?: number;
}

/** One version of an answer; rows are only added. `here` is false for one that came from the server. */
export interface Answer {
  id: string;
  inspection: string;
  item: string;
  repeat: number;
  value: Value | null;
  note: string;
  aspect: string | null;
  location: string | null;
  reading: ReadingSnapshot | null;
  photos: string[];
  answeredAt: number;
  deviceId: string;
  author: Author;
  replaces: string[];
  utcOffsetMin: number;
  skewMs: number | null;
  sha256: string;
  here: boolean;
}

export type FindingKind = "observation" | "opportunity" | "minor" | "major" | "positive";

export interface Finding {
  id: string;
  site: string;
  inspection: string | null;
  item: string | null;
  kind: FindingKind;
  text: string;
  aspect: string | null;
  location: string | null;
  photos: string[];
  foundAt: number;
  deviceId: string;
  author: Author;
  utcOffsetMin: number;
  skewMs: number | null;
  /** The server's revision; 0 before it has one. */
  revision: number;
  sha256: string;
  here: boolean;
}

/** One press of the shutter. The bytes lie in their own store under `sha256`; two captures may share them. */
export interface Capture {
  id: string;
  sha256: string;
  size: number;
  mime: string;
  inspection: string | null;
  item: string | null;
  answer: string | null;
  finding: string | null;
  aspect: string | null;
  location: string | null;
  caption: string;
  source: "camera" | "gallery";
  capturedAt: number;
  position: { lat: number; lon: number; accuracy: number; at: number } | null;
  deviceId: string;
  author: Author;
  utcOffsetMin: number;
  skewMs: number | null;
  here: boolean;
}

export interface Receipt {
  sha256: string;
  size: number;
  received_at: string;
  verified: true;
  audit_head: string;
  signature: string;
}

export type RowKind = "inspection" | "answer" | "finding" | "link" | "photo" | "submit";

/** Something that the server does not have yet, or has not confirmed. Goes only under its author's session. */
export interface OutboxRow {
  /** `<kind>:<id of what is sent>`, so that nothing is queued twice. */
  key: string;
  seq: number;
  kind: RowKind;
  ref: string;
  inspection: string | null;
  author: Author;
  state: "waiting" | "refused";
  attempts: number;
  problem: { status: number; code: string; detail: string } | null;
  createdAt: number;
}

/** Where a thing that was made on this phone is: the word on its mark. */
export type Whereabouts = "phone" | "sending" | "server" | "attention";

export type Pause = "offline" | "signed-out" | "other-person" | "insecure" | "server-error" | null;

export interface SyncSummary {
  /** False until the outbox was read: before that nothing at all is claimed, and `state` is "phone". */
  loaded: boolean;
  state: Whereabouts;
  /** Rows not yet confirmed, of everybody who worked on this phone. */
  waiting: number;
  refused: number;
  /** Of the run in progress: row `current` of `total`. */
  current: number;
  total: number;
  pause: Pause;
  others: { author: Author; count: number }[];
  lastSync: number | null;
  nextTry: number | null;
}
