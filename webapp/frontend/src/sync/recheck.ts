/** The server's database was set back to an older backup: what was made here is compared with what it still has. */

import { ApiError } from "../api/client";
import { getFinding, getInspection } from "../api/endpoints";
import type { Me, RemoteFinding, RemoteInspection } from "../api/types";
import { announce } from "../work/changes";
import { read, type StoreName, type WriteTx, write } from "../work/db";
import { doubt, doubted, settleDoubt } from "../work/doubt";
import { captureRows, findingRows, inspectionRow } from "../work/rows";
import type { Capture } from "../work/types";
import {
  AGAIN_STORES,
  NOTHING_THERE,
  queueLoose,
  queueMissing,
  senderOf,
  type There,
} from "./again";
import { MERGE_STORES, mergeInspection, namesFor } from "./merge";
import { proof } from "./upload";
import { Mismatch } from "./verdict";

const STORES: StoreName[] = [...new Set([...AGAIN_STORES, ...MERGE_STORES])];

/** Stores that `doubtOwn` reads and writes. */
export const DOUBT_STORES = ["inspections", "answers", "findings", "captures", "meta"] as const;

/** Kept with the new cursor, in one transaction: the server says only once that it was set back. */
export async function doubtOwn(tx: WriteTx, device: string): Promise<void> {
  const ids = new Set<string>([""]);
  for (const store of ["answers", "findings", "captures"] as const) {
    for (const { inspection, here } of await tx.objectStore(store).getAll())
      if (here) ids.add(inspection ?? "");
  }
  for (const inspection of await tx.objectStore("inspections").getAll())
    if (inspection.deviceId === device) ids.add(inspection.id);
  await doubt(tx, ids);
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    // A receipt about something else is no receipt.
    if (error instanceof Mismatch) return null;
    if (error instanceof ApiError && error.status === 404 && error.code !== "") return null;
    throw error;
  }
}

/** Of the photos taken here those for which the server gives a receipt at this moment. */
async function provenPhotos(captures: Capture[], signal: AbortSignal): Promise<Set<string>> {
  const found = new Map(captures.filter(({ here }) => here).map((one) => [one.sha256, one]));
  const proven = new Set<string>();
  for (const [sha256, capture] of found) {
    if (await orNull(proof({ capture, signal }))) proven.add(sha256);
  }
  return proven;
}

function thereOf(row: RemoteInspection, captures: Capture[], proven: Set<string>): There {
  const own = new Set(captures.filter(({ here }) => here).map(({ sha256 }) => sha256));
  const told = row.photos.filter((photo) => photo.state === "verified" && !own.has(photo.sha256));
  return {
    head: true,
    answers: new Map(row.answers.map(({ id, sha256 }) => [id, sha256])),
    findings: new Map(row.findings.map((finding) => [finding.id, finding])),
    links: new Set(row.photos.flatMap(({ links }) => links.map(({ id }) => id))),
    photos: new Set([...proven, ...told.map(({ sha256 }) => sha256)]),
    submissions: new Set(row.submissions.map((one) => one.content_sha256)),
  };
}

async function recheckOne(id: string, { user }: Me, signal: AbortSignal): Promise<void> {
  const row = await orNull(getInspection(id));
  const captures = await captureRows(id);
  const proven = await provenPhotos(captures, signal);
  const there = row ? thereOf(row, captures, proven) : { ...NOTHING_THERE, photos: proven };
  const sender = await senderOf(user);
  await write(STORES, async (tx) => {
    await queueMissing(tx, id, there, sender);
    if (row) await mergeInspection(tx, row, undefined, namesFor(user), true);
    await settleDoubt(tx, id);
  });
}

async function recheckLoose({ user }: Me, signal: AbortSignal): Promise<void> {
  const findings = new Map<string, RemoteFinding>();
  for (const { id, here } of await findingRows("")) {
    const row = here ? await orNull(getFinding(id)) : null;
    if (row) findings.set(id, row);
  }
  const photos = await provenPhotos(await captureRows(""), signal);
  const sender = await senderOf(user);
  await write(STORES, async (tx) => {
    await queueLoose(tx, { ...NOTHING_THERE, findings, photos }, sender);
    await settleDoubt(tx, "");
  });
}

/** Of another site the server would say "not found" to this person, and that would prove nothing. */
async function maySee(id: string, { sites }: Me): Promise<boolean> {
  const inspection = await inspectionRow(id);
  return inspection === undefined || sites.some((site) => site.id === inspection.site);
}

/** True when any was looked at: something may have been queued. */
export async function recheckDoubted(me: Me, signal: AbortSignal): Promise<boolean> {
  const ids = await read(["meta"], doubted);
  let looked = false;
  for (const id of ids) {
    if (signal.aborted || !(await maySee(id, me))) continue;
    await (id === "" ? recheckLoose(me, signal) : recheckOne(id, me, signal));
    await announce({ inspections: [id] });
    looked = true;
  }
  return looked;
}
