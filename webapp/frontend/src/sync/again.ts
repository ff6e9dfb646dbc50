/** A server whose database was set back lacks what it once confirmed. What was made here is queued again. */

import { ApiError } from "../api/client";
import { getInspection } from "../api/endpoints";
import type { RemoteFinding } from "../api/types";
import { announce } from "../work/changes";
import { type StoreName, type WriteTx, write } from "../work/db";
import { deviceId } from "../work/device";
import { enqueue } from "../work/queue";
import { submitterKey } from "../work/submit";
import type { Author, Capture, Finding, Inspection, OutboxRow } from "../work/types";

export const AGAIN_STORES: StoreName[] = [
  ...(["inspections", "answers", "findings", "captures"] as const),
  ...(["submissions", "receipts", "verified", "outbox", "meta"] as const),
];

/** What the server has of a walkthrough. */
export interface There {
  head: boolean;
  answers: ReadonlyMap<string, string>;
  findings: ReadonlyMap<string, Pick<RemoteFinding, "sha256" | "revision">>;
  links: ReadonlySet<string>;
  /** Photos that it says it has; of those taken here only the ones for which it gives a receipt now. */
  photos: ReadonlySet<string>;
  submissions: ReadonlySet<string>;
}

export const NOTHING_THERE: There = {
  head: false,
  answers: new Map(),
  findings: new Map(),
  links: new Set(),
  photos: new Set(),
  submissions: new Set(),
};

/** Who sends now, and from which phone. */
export interface Sender {
  by: Author;
  device: string;
}

export const senderOf = async (by: Author): Promise<Sender> => ({ by, device: await deviceId() });

/**
 * What a person made on this phone goes under that name, as it did before. What began on another phone is sent by whoever
 * sends now: its author may never come here, and all the rest would wait.
 */
function ownerOf(made: { author: Author; deviceId: string }, { by, device }: Sender): Author {
  return made.deviceId === device && made.author.id !== "" ? made.author : by;
}

type Entry = Pick<OutboxRow, "kind" | "ref" | "inspection" | "author">;

/** One that waits already, perhaps under another name, is on its way. */
async function again(tx: WriteTx, entry: Entry): Promise<void> {
  const there = await tx.objectStore("outbox").get(`${entry.kind}:${entry.ref}`);
  if (!there || there.author.id === entry.author.id) await enqueue(tx, entry);
}

async function answersAgain(tx: WriteTx, id: string, there: There): Promise<number> {
  let count = 0;
  for (const answer of await tx.objectStore("answers").index("inspection").getAll(id)) {
    if (!answer.here || there.answers.get(answer.id) === answer.sha256) continue;
    await again(tx, { kind: "answer", ref: answer.id, inspection: id, author: answer.author });
    count += 1;
  }
  return count;
}

/**
 * The revision to change it from; null when nothing has to go. Ours was made from an older one that the server went back
 * to, or from one that is no more: then If-Match says nothing, the server refuses, and ours becomes a finding of its own.
 */
function revisionFor(finding: Finding, there: There): number | null {
  const known = there.findings.get(finding.id);
  if (!known) return 0;
  if (known.sha256 === finding.sha256 || known.revision > finding.revision) return null;
  return known.revision < finding.revision ? known.revision : 0;
}

async function findingsAgain(
  tx: WriteTx,
  findings: Finding[],
  there: There,
  sender: Sender,
): Promise<number> {
  let count = 0;
  for (const finding of findings) {
    const revision = finding.here ? revisionFor(finding, there) : null;
    if (revision === null) continue;
    const { id: ref, inspection } = finding;
    await tx.objectStore("findings").put({ ...finding, revision }, ref);
    await again(tx, { kind: "finding", ref, inspection, author: ownerOf(finding, sender) });
    count += 1;
  }
  return count;
}

/** Also of photos whose bytes were given up: the row then says that nobody has them any more. */
async function photosAgain(tx: WriteTx, captures: Capture[], there: There): Promise<void> {
  for (const { id: ref, sha256, inspection, author, here } of captures) {
    const lost = !there.photos.has(sha256);
    if (lost) await tx.objectStore("verified").delete(sha256);
    if (!here) continue;
    if (!there.links.has(ref)) await again(tx, { kind: "link", ref, inspection, author });
    if (!lost) continue;
    await tx.objectStore("receipts").delete(sha256);
    await again(tx, { kind: "photo", ref: sha256, inspection, author });
  }
}

async function submissionAgain(
  tx: WriteTx,
  inspection: Inspection,
  there: There,
  sender: Sender,
): Promise<void> {
  const { id } = inspection;
  if (inspection.state !== "submitted") return;
  const body = await tx.objectStore("submissions").get(id);
  if (body && !there.submissions.has(body.content_sha256)) {
    const who = (await tx.objectStore("meta").get(submitterKey(id))) as Author | undefined;
    await again(tx, { kind: "submit", ref: id, inspection: id, author: who ?? sender.by });
  } else if (!body && there.submissions.size === 0) {
    // It was finished on another phone, and nobody here knows how: it can be gone on with.
    const open: Inspection = { ...inspection, state: "draft", submittedAt: null };
    await tx.objectStore("inspections").put(open, id);
  }
}

/** Of a walkthrough that is on this phone. */
export async function queueMissing(
  tx: WriteTx,
  id: string,
  there: There,
  sender: Sender,
): Promise<void> {
  const inspection = await tx.objectStore("inspections").get(id);
  if (!inspection) return;
  if (!there.head) {
    await tx.objectStore("inspections").put({ ...inspection, server: null }, id);
    const author = ownerOf(inspection, sender);
    await again(tx, { kind: "inspection", ref: id, inspection: id, author });
  }
  const findings = await tx.objectStore("findings").index("inspection").getAll(id);
  const captures = await tx.objectStore("captures").index("inspection").getAll(id);
  await answersAgain(tx, id, there);
  await findingsAgain(tx, findings, there, sender);
  await photosAgain(tx, captures, there);
  const current = there.head ? inspection : { ...inspection, server: null };
  await submissionAgain(tx, current, there, sender);
}

/** Of findings and photos that belong to no walkthrough. */
export async function queueLoose(tx: WriteTx, there: There, sender: Sender): Promise<void> {
  const findings = await tx.objectStore("findings").getAll();
  const captures = await tx.objectStore("captures").getAll();
  const loose = <T extends { inspection: string | null }>(rows: T[]): T[] =>
    rows.filter((row) => row.inspection === null);
  await findingsAgain(tx, loose(findings), there, sender);
  await photosAgain(tx, loose(captures), there);
}

const listed = (errors: unknown): Set<string> =>
  new Set(Array.isArray(errors) ? errors.filter((id) => typeof id === "string") : []);

/** Of what a refused submission lists as missing. True when anything of it is here. */
export async function sendMissing(id: string, error: ApiError, by: Author): Promise<boolean> {
  const answers = listed(error.errors.answers);
  const findings = listed(error.errors.findings);
  const sender = await senderOf(by);
  const count = await write(AGAIN_STORES, async (tx) => {
    const known = await tx.objectStore("answers").index("inspection").getAll(id);
    const kept = known.filter((answer) => !answers.has(answer.id));
    const there = { ...NOTHING_THERE, answers: new Map(kept.map((one) => [one.id, one.sha256])) };
    const rows = await tx.objectStore("findings").index("inspection").getAll(id);
    const lost = rows.filter((finding) => findings.has(finding.id));
    return (await answersAgain(tx, id, there)) + (await findingsAgain(tx, lost, there, sender));
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
export async function sendWhole(inspection: Inspection, by: Author): Promise<boolean> {
  if (inspection.server === null || (await isKnownThere(inspection.id))) return false;
  const sender = await senderOf(by);
  await write(AGAIN_STORES, (tx) => queueMissing(tx, inspection.id, NOTHING_THERE, sender));
  await announce({ inspections: [inspection.id] });
  return true;
}
