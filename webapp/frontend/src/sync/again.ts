/** A server that was restored from a copy may lack what it once confirmed. What we still have is sent again. */

import { ApiError } from "../api/client";
import { getInspection } from "../api/endpoints";
import { announce } from "../work/changes";
import { type StoreName, type WriteTx, write } from "../work/db";
import { enqueue } from "../work/queue";
import type { Inspection } from "../work/types";

const STORES: StoreName[] = [
  "inspections",
  "answers",
  "findings",
  "captures",
  "photos",
  "outbox",
  "meta",
];

async function answersAgain(tx: WriteTx, id: string, refs: string[]): Promise<number> {
  let count = 0;
  for (const ref of refs) {
    const answer = await tx.objectStore("answers").get(ref);
    if (!answer?.here) continue;
    await enqueue(tx, { kind: "answer", ref, inspection: id, author: answer.author });
    count += 1;
  }
  return count;
}

async function findingsAgain(tx: WriteTx, id: string, refs: string[]): Promise<number> {
  let count = 0;
  for (const ref of refs) {
    const finding = await tx.objectStore("findings").get(ref);
    if (!finding?.here) continue;
    await tx.objectStore("findings").put({ ...finding, revision: 0 }, ref);
    await enqueue(tx, { kind: "finding", ref, inspection: id, author: finding.author });
    count += 1;
  }
  return count;
}

async function photosAgain(tx: WriteTx, id: string): Promise<void> {
  const captures = await tx.objectStore("captures").index("inspection").getAll(id);
  for (const { id: ref, sha256, author, here } of captures) {
    if (!here) continue;
    await enqueue(tx, { kind: "link", ref, inspection: id, author });
    if ((await tx.objectStore("photos").getKey(sha256)) === undefined) continue;
    await enqueue(tx, { kind: "photo", ref: sha256, inspection: id, author });
  }
}

async function allAgain(tx: WriteTx, inspection: Inspection): Promise<void> {
  const { id, author } = inspection;
  await tx.objectStore("inspections").put({ ...inspection, server: null }, id);
  await enqueue(tx, { kind: "inspection", ref: id, inspection: id, author });
  await answersAgain(tx, id, await tx.objectStore("answers").index("inspection").getAllKeys(id));
  await findingsAgain(tx, id, await tx.objectStore("findings").index("inspection").getAllKeys(id));
  await photosAgain(tx, id);
}

const listed = (errors: unknown): string[] =>
  Array.isArray(errors) ? errors.filter((id) => typeof id === "string") : [];

/** Of what a refused submission lists as missing. True when anything of it is here. */
export async function sendMissing(inspection: Inspection, error: ApiError): Promise<boolean> {
  const { id } = inspection;
  const count = await write(STORES, async (tx) => {
    const answers = await answersAgain(tx, id, listed(error.errors.answers));
    return answers + (await findingsAgain(tx, id, listed(error.errors.findings)));
  });
  if (count > 0) await announce({ inspections: [id] });
  return count > 0;
}

async function isKnownThere(id: string): Promise<boolean> {
  try {
    await getInspection(id);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

/** Of a walkthrough that the server confirmed once and now knows nothing of. True when all of it was queued anew. */
export async function sendWhole(inspection: Inspection): Promise<boolean> {
  if (inspection.server === null || (await isKnownThere(inspection.id))) return false;
  await write(STORES, (tx) => allAgain(tx, inspection));
  await announce({ inspections: [inspection.id] });
  return true;
}
