/** What the server tells of walkthroughs becomes rows on this phone. Nothing that was made here is ever overwritten. */

import type {
  FollowedInspection,
  RemoteAnswer,
  RemoteAuthor,
  RemoteFinding,
  RemoteLink,
  RemotePhoto,
} from "../api/types";
import type { WriteTx } from "../work/db";
import type {
  Answer,
  Author,
  Capture,
  Finding,
  Inspection,
  ServerWord,
  Template,
} from "../work/types";

export const MERGE_STORES = [
  "inspections",
  "answers",
  "findings",
  "captures",
  "outbox",
  "verified",
] as const;

/** Of oneself the id is known also where the server names nobody's. */
export type Names = (author: RemoteAuthor) => Author;

export const namesFor =
  (me: Author | null): Names =>
  ({ id, username, name }) => {
    const own = me !== null && me.username === username ? me.id : "";
    return { id: id || own, username, name };
  };

const at = (iso: string): number => Date.parse(iso);

function circumstancesOf(row: {
  device_id: string;
  utc_offset_min: number;
  skew_ms: number | null;
}): { deviceId: string; utcOffsetMin: number; skewMs: number | null } {
  return { deviceId: row.device_id, utcOffsetMin: row.utc_offset_min, skewMs: row.skew_ms };
}

function answerFrom(row: RemoteAnswer, names: Names): Answer {
  const { id, inspection, item, repeat, value, note, aspect, location, reading, photos } = row;
  return {
    ...{ id, inspection, item, repeat, value, note, aspect, location, reading, photos },
    answeredAt: at(row.answered_at),
    author: names(row.author),
    replaces: row.replaces,
    ...circumstancesOf(row),
    sha256: row.sha256,
    here: false,
  };
}

export function findingFrom(row: RemoteFinding, names: Names): Finding {
  const { id, site, inspection, item, kind, text, aspect, location, photos } = row;
  return {
    ...{ id, site, inspection, item, kind, text, aspect, location, photos },
    foundAt: at(row.found_at),
    author: names(row.author),
    ...circumstancesOf(row),
    revision: row.revision,
    sha256: row.sha256,
    here: false,
  };
}

function captureFrom(photo: RemotePhoto, link: RemoteLink, names: Names): Capture {
  const { id, inspection, item, answer, finding, aspect, location, caption, source } = link;
  const place =
    link.lat === null || link.lon === null
      ? null
      : {
          lat: link.lat,
          lon: link.lon,
          accuracy: link.accuracy ?? 0,
          at: at(link.located_at ?? link.captured_at),
        };
  return {
    ...{ id, inspection, item, answer, finding, aspect, location, caption, source },
    sha256: photo.sha256,
    size: photo.size ?? 0,
    mime: photo.mime ?? "",
    capturedAt: at(link.captured_at),
    position: place,
    author: names(link.author),
    ...circumstancesOf(link),
    here: false,
  };
}

const RANK = { draft: 0, submitted: 1, complete: 2 };

/**
 * An answer that was overtaken by a newer one must not take back what is known; that of a server whose database was set
 * back (`anew`) must.
 */
function serverWord(known: ServerWord | null, row: FollowedInspection, anew: boolean): ServerWord {
  const { state, missing, flagged, revision } = row;
  const told = { state, missing, flagged, revision };
  if (!known || anew) return told;
  const older = revision < (known.revision ?? 0);
  const overtaken = RANK[state] < RANK[known.state] && revision <= (known.revision ?? 0);
  // The server never makes a draft of what was submitted.
  return older || overtaken || (state === "draft" && known.state !== "draft") ? known : told;
}

/** Submitted there is submitted here; what is still on its way from here arrives as late. */
function merged(known: Inspection, row: FollowedInspection, anew = false): Inspection {
  const server = serverWord(known.server, row, anew);
  const submitted = known.state === "submitted" || server.state !== "draft";
  return {
    ...known,
    state: submitted ? "submitted" : "draft",
    submittedAt: known.submittedAt ?? (row.submitted_at === null ? null : at(row.submitted_at)),
    server,
  };
}

function inspectionFrom(row: FollowedInspection, template: Template, names: Names): Inspection {
  const made: Inspection = {
    id: row.id,
    site: row.site,
    template,
    author: names(row.author),
    ...circumstancesOf(row),
    startedAt: at(row.started_at),
    state: "draft",
    submittedAt: null,
    lastItem: null,
    server: null,
  };
  return merged(made, row);
}

async function mergeAnswers(tx: WriteTx, rows: RemoteAnswer[], names: Names): Promise<void> {
  const store = tx.objectStore("answers");
  for (const row of rows) {
    // Versions never change: one that is here, from here or from there, stays as it is.
    if ((await store.getKey(row.id)) === undefined) await store.put(answerFrom(row, names), row.id);
  }
}

export async function mergeFindings(
  tx: WriteTx,
  rows: RemoteFinding[],
  names: Names,
  anew = false,
): Promise<void> {
  const store = tx.objectStore("findings");
  for (const row of rows) {
    const unsent = await tx.objectStore("outbox").getKey(`finding:${row.id}`);
    const known = await store.get(row.id);
    const older = known && known.revision >= row.revision && !(anew && !known.here);
    if (unsent !== undefined || older) continue;
    await store.put({ ...findingFrom(row, names), here: known?.here ?? false }, row.id);
  }
}

async function mergePhotos(tx: WriteTx, rows: RemotePhoto[], names: Names): Promise<void> {
  const store = tx.objectStore("captures");
  for (const photo of rows) {
    if (photo.state === "verified") await tx.objectStore("verified").put(true, photo.sha256);
    for (const link of photo.links) {
      const known = await store.get(link.id);
      // Of another phone's photo the size is learned when it arrives.
      if (!known || (!known.here && known.size === 0))
        await store.put(captureFrom(photo, link, names), link.id);
    }
  }
}

/** Passes over one that is not known here and whose template could not be had. */
export async function mergeInspection(
  tx: WriteTx,
  row: FollowedInspection,
  template: Template | undefined,
  names: Names,
  anew = false,
): Promise<void> {
  const store = tx.objectStore("inspections");
  const known = await store.get(row.id);
  if (!known && !template) return;
  const next = known ? merged(known, row, anew) : template && inspectionFrom(row, template, names);
  if (next) await store.put(next, row.id);
  await mergeAnswers(tx, row.answers, names);
  await mergeFindings(tx, row.findings, names, anew);
  await mergePhotos(tx, row.photos, names);
}
