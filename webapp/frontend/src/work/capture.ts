import { uuid7 } from "../lib/uuid7";
import { dropMeta, getMeta, setMeta, WorkError, type WriteTx, write } from "./db";
import { type Circumstances, circumstances } from "./device";
import { canHash, findingDigest, sha256 } from "./digest";
import { CaptureError } from "./errors";
import { findItem, heads } from "./outcome";
import { enqueue } from "./queue";
import { MOST_PHOTOS, nextVersion, photosOf } from "./record";
import { answerRows, findingRows, inspectionRow, isTakenByOther, photoBytes } from "./rows";
import { Lane, serially } from "./serial";
import { HEAD_BYTES, MAX_PHOTO_BYTES, mimeOf } from "./sniff";
import { developThumb, thumbsDone } from "./thumbs";
import type { Answer, Author, Capture, Finding, Inspection, Item } from "./types";
import { hashFile } from "./workbench";
import { whileWriting } from "./writing";

export { CaptureError } from "./errors";
export { thumbUrl } from "./thumbs";

export interface CaptureTarget {
  inspection: string | null;
  site: string;
  item: string | null;
  finding: string | null;
  aspect: string | null;
  location: string | null;
  source: "camera" | "gallery";
  author: Author;
}

const TARGET = "target";

/** Call it before the camera opens: iOS may kill the page while it is open. */
export const rememberTarget = (target: CaptureTarget): Promise<void> => setMeta(TARGET, target);
export const pendingTarget = async (): Promise<CaptureTarget | null> =>
  (await getMeta<CaptureTarget>(TARGET)) ?? null;
export const clearTarget = (): Promise<void> => dropMeta(TARGET);

export type Position = Capture["position"];

interface Shot {
  bytes: ArrayBuffer;
  sha256: string;
  mime: string;
}

/** Judged before anything is added: what the server would refuse must not sit in a record for ever. */
async function develop(file: File): Promise<Shot> {
  if (!canHash()) throw new CaptureError("insecure");
  if (file.size > MAX_PHOTO_BYTES) throw new CaptureError("too_large");
  try {
    const { bytes, sha256 } = await hashFile(file);
    const mime = mimeOf(new Uint8Array(bytes, 0, Math.min(HEAD_BYTES, bytes.byteLength)));
    if (bytes.byteLength > MAX_PHOTO_BYTES) throw new CaptureError("too_large");
    if (!mime) throw new CaptureError(bytes.byteLength === 0 ? "unreadable" : "not_a_photo");
    return { bytes, sha256, mime };
  } catch (error) {
    throw error instanceof CaptureError ? error : new CaptureError("unreadable", error);
  }
}

function captureOf(
  shot: Shot,
  target: CaptureTarget,
  position: Position,
  at: Circumstances,
): Capture {
  const { inspection, item, finding, aspect, location, source, author } = target;
  return {
    id: uuid7(),
    sha256: shot.sha256,
    size: shot.bytes.byteLength,
    mime: shot.mime,
    inspection,
    item,
    answer: null,
    finding,
    aspect,
    location,
    caption: "",
    source,
    capturedAt: Date.now(),
    position,
    author,
    ...at,
    here: true,
  };
}

/** The version of the answer that has the photo; null for a submitted walkthrough, which keeps the photo beside it. */
async function answerWith(
  inspection: Inspection,
  item: Item,
  target: CaptureTarget,
  photo: string,
  author: Author,
): Promise<Answer | null> {
  if (inspection.state !== "draft") return null;
  const current = heads(await answerRows(inspection.id), item.id);
  const head = current.at(-1);
  const photos = [...new Set([...photosOf(current), photo])];
  if (photos.length > MOST_PHOTOS) return null;
  const value = item.type === "photo" ? { photos: photos.length } : (head?.value ?? null);
  const content = {
    value,
    note: head?.note ?? "",
    aspect: target.aspect ?? head?.aspect ?? item.aspect,
    location: target.location ?? head?.location ?? null,
    reading: head?.reading ?? null,
    photos,
  };
  return nextVersion(inspection, item.id, current, content, author);
}

/** The finding with the photo, and as it was before. */
async function findingWith(
  target: CaptureTarget,
  photo: string,
  author: Author,
): Promise<Kept["finding"]> {
  const rows = await findingRows(target.inspection ?? "");
  const known = rows.find((row) => row.id === target.finding);
  if (!known || (await isTakenByOther(known.id, author.id))) return null;
  const inspection = target.inspection ? await inspectionRow(target.inspection) : undefined;
  if (inspection && inspection.state !== "draft") return null;
  const photos = [...new Set([...known.photos, photo])];
  if (photos.length > MOST_PHOTOS) return null;
  const finding = { ...known, photos, here: true };
  return { now: { ...finding, sha256: await findingDigest(finding) }, before: known };
}

interface Kept {
  capture: Capture;
  answer: Answer | null;
  finding: { now: Finding; before: Finding } | null;
  author: Author;
}

async function recordOf(
  shot: Shot,
  target: CaptureTarget,
  author: Author,
  position: Position,
): Promise<Kept> {
  const inspection = target.inspection ? await inspectionRow(target.inspection) : undefined;
  const content = inspection?.template.content;
  const item = content && target.item && !target.finding && findItem(content, target.item);
  const answer =
    inspection && item ? await answerWith(inspection, item, target, shot.sha256, author) : null;
  const finding = target.finding ? await findingWith(target, shot.sha256, author) : null;
  const capture = captureOf(shot, { ...target, author }, position, await circumstances());
  return { capture: { ...capture, answer: answer?.id ?? null }, answer, finding, author };
}

/** Bytes, capture, answer and outbox rows in one transaction. True when the bytes are new here. */
function keep({ capture, answer, finding, author }: Kept, bytes: ArrayBuffer): Promise<boolean> {
  const { inspection } = capture;
  return write(["photos", "captures", "answers", "findings", "outbox", "meta"], async (tx) => {
    const photos = tx.objectStore("photos");
    const isNew = (await photos.getKey(capture.sha256)) === undefined;
    if (isNew) await photos.add(bytes, capture.sha256);
    await tx.objectStore("captures").put(capture, capture.id);
    if (answer) {
      await tx.objectStore("answers").put(answer, answer.id);
      await enqueue(tx, { kind: "answer", ref: answer.id, inspection, author });
    }
    if (finding) {
      const { id } = finding.now;
      await tx.objectStore("findings").put(finding.now, id);
      await enqueue(tx, { kind: "finding", ref: id, inspection, author });
    }
    await enqueue(tx, { kind: "link", ref: capture.id, inspection, author });
    await enqueue(tx, { kind: "photo", ref: capture.sha256, inspection, author });
    return isNew;
  });
}

async function isWhole({ sha256: name, size }: Capture): Promise<boolean> {
  const bytes = await photoBytes(name).catch(() => undefined);
  return bytes?.byteLength === size && (await sha256(bytes)) === name;
}

/** The only place where bytes are written anew: what is there is not what was taken, and we still hold the right ones. */
function writeAgain({ sha256: name }: Capture, bytes: ArrayBuffer): Promise<void> {
  return write(["photos"], async (tx) => {
    await tx.objectStore("photos").delete(name);
    await tx.objectStore("photos").add(bytes, name);
  });
}

async function areUnsent(tx: WriteTx, keys: string[]): Promise<boolean> {
  const there = await Promise.all(keys.map((key) => tx.objectStore("outbox").getKey(key)));
  return !there.includes(undefined);
}

async function dropBytes(tx: WriteTx, sha256: string): Promise<void> {
  await tx.objectStore("outbox").delete(`photo:${sha256}`);
  await tx.objectStore("photos").delete(sha256);
}

/** Its row stays: should it go, it says what the server has. False when it was sent or changed since. */
async function putBack(
  tx: WriteTx,
  { now, before }: NonNullable<Kept["finding"]>,
): Promise<boolean> {
  const current = await tx.objectStore("findings").get(now.id);
  const waits = await tx.objectStore("outbox").getKey(`finding:${now.id}`);
  if (waits === undefined || current?.sha256 !== now.sha256) return false;
  const { revision } = current;
  await tx.objectStore("findings").put({ ...before, revision, here: true }, now.id);
  return true;
}

/** A record must not name a photo that is not there. What was sent meanwhile stays: it was true when it was said. */
function withdraw({ capture, answer, finding }: Kept, isNew: boolean): Promise<void> {
  return write(["photos", "captures", "answers", "findings", "outbox"], async (tx) => {
    const outbox = tx.objectStore("outbox");
    const rows = answer ? [`answer:${answer.id}`, `link:${capture.id}`] : [`link:${capture.id}`];
    if (!(await areUnsent(tx, rows))) return;
    if (finding && !(await putBack(tx, finding))) return;
    for (const key of rows) await outbox.delete(key);
    await tx.objectStore("captures").delete(capture.id);
    if (answer) await tx.objectStore("answers").delete(answer.id);
    if (isNew) await dropBytes(tx, capture.sha256);
  });
}

async function prove(kept: Kept, bytes: ArrayBuffer, isNew: boolean): Promise<void> {
  if (await isWhole(kept.capture)) return;
  try {
    await writeAgain(kept.capture, bytes);
  } catch {
    // Judged by what can be read, as above.
  }
  if (await isWhole(kept.capture)) return;
  await withdraw(kept, isNew);
  throw new CaptureError("not_kept");
}

async function record(
  shot: Shot,
  target: CaptureTarget,
  author: Author,
  position: Position,
): Promise<Capture> {
  const kept = await recordOf(shot, target, author, position);
  await whileWriting([target.inspection ?? ""], async () => {
    try {
      const isNew = await keep(kept, shot.bytes);
      await prove(kept, shot.bytes, isNew);
    } catch (error) {
      if (error instanceof WorkError && error.code === "no_space")
        throw new CaptureError("no_space", error);
      throw error;
    }
  });
  return kept.capture;
}

/** One photo in memory at a time, its small picture included. */
const shutter = new Lane();

/**
 * Resolves when the photo lies on the disk, was read back and has the hash of what the camera gave. For an item it also
 * appends a version of the answer, for a finding it changes the finding.
 */
export async function keepPhoto(
  file: File,
  target: CaptureTarget,
  author: Author,
  position: Position,
): Promise<Capture> {
  const { inspection, finding, aspect, location } = target;
  if (!(inspection ?? finding ?? aspect ?? location))
    throw new TypeError("a photo is evidence for something: name it in its target");
  // Hashing takes its time: an answer that is tapped meanwhile must not wait for it.
  return shutter.run(async () => {
    await thumbsDone();
    const shot = await develop(file);
    const capture = await serially(() => record(shot, target, author, position));
    developThumb(capture, shot.bytes);
    return capture;
  });
}
