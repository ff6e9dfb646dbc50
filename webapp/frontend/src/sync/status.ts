/** Where everything is that was made on this phone. Nothing here may say "server" of what is not proven to be there. */

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { onChange, onNews, type Progress } from "../work/changes";
import { read } from "../work/db";
import { doubted } from "../work/doubt";
import { inspections } from "../work/store";
import type {
  Author,
  Capture,
  OutboxRow,
  Pause,
  RowKind,
  SyncSummary,
  Whereabouts,
} from "../work/types";
import { writing } from "../work/writing";

const RECORDS = ["answers", "findings", "captures"] as const;
const NOTHING: Progress = { current: 0, total: 0, sending: null };

export const rows = signal<readonly OutboxRow[]>([]);
/** SHA-256 of the photos for which a proven receipt lies here, or which came to us from the server. */
export const photosThere = signal<ReadonlySet<string>>(new Set());
/** `<kind>:<id>` of every record that there was when the outbox was read: of one that came later the outbox says nothing. */
const covered = signal<ReadonlySet<string>>(new Set());
/** SHA-256 of the photos that were taken here, by walkthrough. One photo may belong to several, and has one row. */
const photosOf = signal<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
/** Walkthroughs of which it is not known any more what the server has. */
const doubtful = signal<readonly string[]>([]);
export const loaded = signal(false);
export const pause = signal<Pause>(null);
export const lastSync = signal<number | null>(null);
export const nextTry = signal<number | null>(null);
export const progress = signal<Progress>(NOTHING);

function byWalkthrough(captures: readonly Capture[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { inspection, sha256, here } of captures) {
    if (!here || inspection === null) continue;
    const photos = found.get(inspection) ?? new Set();
    found.set(inspection, photos.add(sha256));
  }
  return found;
}

/** Reads the outbox. When it cannot be read, nothing is claimed from then on. */
export async function reloadRows(): Promise<void> {
  try {
    await read([...RECORDS, "outbox", "receipts", "verified", "meta"], async (tx) => {
      const outbox = await tx.objectStore("outbox").getAll();
      const proven = await tx.objectStore("receipts").getAllKeys();
      const told = await tx.objectStore("verified").getAllKeys();
      const synced = (await tx.objectStore("meta").get("lastSync")) as number | undefined;
      const answers = await tx.objectStore("answers").getAllKeys();
      const findings = await tx.objectStore("findings").getAllKeys();
      const captures = await tx.objectStore("captures").getAll();
      const doubts = await doubted(tx);
      batch(() => {
        doubtful.value = doubts;
        covered.value = new Set([
          ...answers.map((id) => `answer:${id}`),
          ...findings.map((id) => `finding:${id}`),
          ...captures.map(({ id }) => `link:${id}`),
        ]);
        photosOf.value = byWalkthrough(captures);
        rows.value = outbox.sort((a, b) => a.seq - b.seq);
        photosThere.value = new Set([...proven, ...told]);
        lastSync.value = synced ?? null;
        loaded.value = true;
      });
    });
  } catch (error) {
    loaded.value = false;
    throw error;
  }
}

export function startStatus(): Promise<void> {
  onChange(reloadRows);
  onNews((news) => {
    if (news.kind === "progress") progress.value = news.progress;
  });
  return reloadRows();
}

export function showProgress(next: Progress): void {
  progress.value = next;
}

export const idle = (): Progress => NOTHING;

function countOthers(waiting: readonly OutboxRow[], user: string | null): SyncSummary["others"] {
  const found = new Map<string, { author: Author; count: number }>();
  for (const { author } of waiting) {
    if (author.id === user) continue;
    const entry = found.get(author.id) ?? { author, count: 0 };
    entry.count += 1;
    found.set(author.id, entry);
  }
  return [...found.values()];
}

function stateOf(waiting: number, refused: number): Whereabouts {
  if (!loaded.value) return "phone";
  if (refused > 0) return "attention";
  if (progress.value.total > 0 && waiting > 0) return "sending";
  const sure = waiting === 0 && writing.value === 0 && doubtful.value.length === 0;
  return sure ? "server" : "phone";
}

/** Whose rows may go now; the engine says so. Null while nobody is signed in. */
export const sender = signal<string | null>(null);

export const summary: ReadonlySignal<SyncSummary> = computed(() => {
  const all = rows.value;
  const refused = all.filter((row) => row.state === "refused").length;
  const { current, total } = progress.value;
  return {
    loaded: loaded.value,
    state: stateOf(all.length, refused),
    waiting: all.length,
    refused,
    current,
    total,
    pause: pause.value,
    others: countOthers(all, sender.value),
    lastSync: lastSync.value,
    nextTry: nextTry.value,
  };
});

function worst(found: readonly OutboxRow[]): Whereabouts {
  if (found.some((row) => row.state === "refused")) return "attention";
  const sending = progress.value.sending;
  return found.some((row) => row.key === sending) ? "sending" : "phone";
}

/** A photo is at the server when its receipt says so: that no row is left proves nothing. */
export function photoState(sha256: string): Whereabouts {
  if (!loaded.value) return "phone";
  const waiting = rows.value.filter((row) => row.kind === "photo" && row.ref === sha256);
  if (waiting.length > 0) return worst(waiting);
  return photosThere.value.has(sha256) ? "server" : "phone";
}

/** For a walkthrough: the whole of it, with its answers, findings and photos. */
function inspectionState(id: string): Whereabouts {
  const photos = photosOf.value.get(id) ?? new Set<string>();
  const waiting = rows.value.filter(
    (row) => row.inspection === id || (row.kind === "photo" && photos.has(row.ref)),
  );
  if (waiting.length > 0) return worst(waiting);
  if (writing.value > 0 || doubtful.value.includes(id)) return "phone";
  if ([...photos].some((sha256) => photoState(sha256) !== "server")) return "phone";
  const inspection = inspections.value.get(id);
  if (inspection?.state === "submitted" && !isSubmitted(id)) return "phone";
  return inspection?.server ? "server" : "phone";
}

function isSubmitted(inspection: string): boolean {
  const known = inspections.value.get(inspection)?.server;
  return known?.state === "submitted" || known?.state === "complete";
}

export function whereabouts(kind: RowKind, ref: string): Whereabouts {
  if (!loaded.value) return "phone";
  if (kind === "photo") return photoState(ref);
  if (kind === "inspection") return inspectionState(ref);
  const waiting = rows.value.filter((row) => row.kind === kind && row.ref === ref);
  if (waiting.length > 0) return worst(waiting);
  if (kind === "submit") return isSubmitted(ref) ? "server" : "phone";
  // Sent and confirmed, or come from the server. A record newer than what was read of the outbox is neither.
  return covered.value.has(`${kind}:${ref}`) ? "server" : "phone";
}
