/** One row of the outbox becomes requests. It is taken out only when the answer names the same id and digest. */

import { ApiError, request } from "../api/client";
import { getFinding, getInspection } from "../api/endpoints";
import type { RemoteInspection, RemoteState } from "../api/types";
import { answerBody, findingBody, headerBody, linkBody, type SubmitBody } from "../work/bodies";
import { getMeta, read, setMeta, type WriteTx } from "../work/db";
import { answerDigest, findingDigest, headerDigest, linkDigest } from "../work/digest";
import { inspectionRow } from "../work/rows";
import { freezeAnew } from "../work/submit";
import type { Finding, Inspection, OutboxRow, ServerWord } from "../work/types";
import { sendMissing, sendWhole } from "./again";
import { authorHeader } from "./metadata";
import { takeInspection } from "./open";
import { confirm } from "./outbox";
import { refile, sentKey } from "./refile";
import { sendPhoto } from "./upload";
import { Broken, Later, Mismatch } from "./verdict";

interface Taken {
  id: string;
  sha256: string;
}

/** A long submission takes its seconds at 50 kbit/s, with the live values on the same line. */
const TIMEOUT_MS = 60_000;
/** How often a submission is made anew in one go. */
const MOST_TURNS = 3;

function mustBe(what: string, told: unknown, ours: string): void {
  if (told !== ours)
    throw new Mismatch(`${what}: the server confirmed ${String(told)}, not ${ours}`);
}

function mustExist<T>(record: T | undefined, row: OutboxRow): T {
  if (record === undefined)
    throw new Broken("record_missing", `${row.key} is not on this phone any more`);
  return record;
}

interface Way {
  row: OutboxRow;
  signal: AbortSignal;
}

const json = <T>(
  method: string,
  path: string,
  body: unknown,
  { row, signal }: Way,
  headers: Record<string, string> = {},
): Promise<T> => {
  const all = { ...authorHeader(row.author), ...headers };
  return request<T>(method, path, body, { signal, headers: all, timeoutMs: TIMEOUT_MS });
};

async function sendHeader(row: OutboxRow, signal: AbortSignal): Promise<void> {
  const inspection = mustExist(await inspectionRow(row.ref), row);
  const path = `/inspections/${inspection.id}`;
  const told = await json<Taken>("PUT", path, headerBody(inspection), { row, signal });
  mustBe("id", told.id, inspection.id);
  mustBe("digest", told.sha256, await headerDigest(inspection));
  await confirm(row, ["inspections"], async (tx) => {
    const current = await tx.objectStore("inspections").get(inspection.id);
    const server: ServerWord = current?.server ?? { state: "draft", missing: [], flagged: false };
    if (current) await tx.objectStore("inspections").put({ ...current, server }, current.id);
    return true;
  });
}

async function sendAnswer(row: OutboxRow, signal: AbortSignal): Promise<void> {
  const found = await read(["answers"], (tx) => tx.objectStore("answers").get(row.ref));
  const answer = mustExist(found, row);
  const path = `/inspections/${answer.inspection}/answers/${answer.id}`;
  const told = await json<Taken>("PUT", path, answerBody(answer), { row, signal });
  mustBe("id", told.id, answer.id);
  mustBe("digest", told.sha256, await answerDigest(answer));
  await confirm(row);
}

async function noteSent(finding: Finding): Promise<string[]> {
  const before = (await getMeta<string[]>(sentKey(finding.id))) ?? [];
  const sent = [...before.filter((sha) => sha !== finding.sha256), finding.sha256];
  await setMeta(sentKey(finding.id), sent);
  return sent;
}

const ifMatch = (revision: number): Record<string, string> =>
  revision > 0 ? { "If-Match": `"${revision}"` } : {};

type FindingTaken = Taken & { revision: number };

/**
 * Somebody else's change is never overwritten. Our own earlier version, whose answer was lost, is. Null when ours became
 * a finding of its own.
 */
async function putFinding(finding: Finding, way: Way): Promise<FindingTaken | null> {
  const sent = await noteSent(finding);
  const put = (revision: number): Promise<FindingTaken> =>
    json("PUT", `/findings/${finding.id}`, findingBody(finding), way, ifMatch(revision));
  try {
    return await put(finding.revision);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 412) throw error;
    const there = await getFinding(finding.id);
    if (sent.includes(there.sha256)) return put(there.revision);
    await refile(way.row, finding, there);
    return null;
  }
}

async function sendFinding(row: OutboxRow, signal: AbortSignal): Promise<void> {
  const found = await read(["findings"], (tx) => tx.objectStore("findings").get(row.ref));
  const finding = mustExist(found, row);
  const told = await putFinding(finding, { row, signal });
  if (!told) return;
  mustBe("id", told.id, finding.id);
  mustBe("digest", told.sha256, await findingDigest(finding));
  await confirm(row, ["findings", "meta"], async (tx) => {
    const current = await tx.objectStore("findings").get(finding.id);
    if (current)
      await tx.objectStore("findings").put({ ...current, revision: told.revision }, finding.id);
    const same = current?.sha256 === finding.sha256;
    if (same) await tx.objectStore("meta").delete(sentKey(finding.id));
    return same;
  });
}

async function sendLink(row: OutboxRow, signal: AbortSignal): Promise<void> {
  const [found, finding] = await read(["captures", "outbox"], async (tx) => {
    const capture = await tx.objectStore("captures").get(row.ref);
    const key = capture?.finding ? `finding:${capture.finding}` : "";
    return [capture, await tx.objectStore("outbox").getKey(key)] as const;
  });
  const capture = mustExist(found, row);
  if (finding !== undefined) throw new Later("its finding goes first");
  const path = `/photos/${capture.sha256}/links/${capture.id}`;
  const told = await json<Taken & { digest: string }>("PUT", path, linkBody(capture), {
    row,
    signal,
  });
  mustBe("id", told.id, capture.id);
  mustBe("photo", told.sha256, capture.sha256);
  mustBe("digest", told.digest, await linkDigest(capture));
  await confirm(row);
}

interface Submitted {
  state: RemoteState;
  missing: string[];
  flagged: boolean;
  content_sha256: string;
}

async function keepServerWord(tx: WriteTx, id: string, told: Submitted): Promise<void> {
  const store = tx.objectStore("inspections");
  const current = await store.get(id);
  const { state, missing, flagged } = told;
  const server = { ...current?.server, state, missing, flagged };
  if (current) await store.put({ ...current, server }, id);
}

/** It may have been taken before, its answer lost, and a finding changed since: then the server lists it. */
function asTaken(there: RemoteInspection, content: string): Submitted | null {
  const known = there.submissions.some((one) => one.content_sha256 === content);
  const { state, missing, flagged } = there;
  return known ? { state, missing, flagged, content_sha256: content } : null;
}

const idsOf = (there: RemoteInspection): Set<string> =>
  new Set(
    [...there.answers, ...there.findings, ...there.photos.flatMap(({ links }) => links)].map(
      ({ id }) => id,
    ),
  );

/**
 * Somebody changed or added something since this was put together: the submission is made anew from what both sides
 * know. True when it is another one than before.
 */
async function agree(inspection: Inspection, error: ApiError, way: Way): Promise<boolean> {
  if (await sendMissing(inspection.id, error, way.row.author))
    throw new Later("missing answers go first");
  const there = await getInspection(inspection.id);
  await takeInspection(there, way.row.author);
  return freezeAnew(inspection.id, idsOf(there));
}

/** What the server says to the submission as it stands; null when it has to be made anew, and was. */
async function submitOnce(body: SubmitBody, way: Way, last: boolean): Promise<Submitted | null> {
  const { ref } = way.row;
  try {
    return await json<Submitted>("POST", `/inspections/${ref}/submit`, body, way);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "content_differs") throw error;
    const taken = asTaken(await getInspection(ref), body.content_sha256);
    if (taken) return taken;
    const inspection = mustExist(await inspectionRow(ref), way.row);
    if (last || !(await agree(inspection, error, way))) throw error;
    return null;
  }
}

async function sendSubmit(row: OutboxRow, signal: AbortSignal): Promise<void> {
  for (let turn = 1; ; turn += 1) {
    const found = await read(["submissions"], (tx) => tx.objectStore("submissions").get(row.ref));
    const body = mustExist(found, row);
    const told = await submitOnce(body, { row, signal }, turn >= MOST_TURNS);
    if (!told) continue;
    mustBe("content", told.content_sha256, body.content_sha256);
    return confirm(row, ["inspections"], async (tx) => {
      await keepServerWord(tx, row.ref, told);
      return true;
    });
  }
}

const SENDERS: Record<OutboxRow["kind"], (row: OutboxRow, signal: AbortSignal) => Promise<void>> = {
  inspection: sendHeader,
  answer: sendAnswer,
  finding: sendFinding,
  link: sendLink,
  photo: sendPhoto,
  submit: sendSubmit,
};

/** Nobody can add to a walkthrough that the server does not know: is it the walkthrough that is gone there? */
async function isLost(row: OutboxRow, error: unknown): Promise<boolean> {
  if (!(error instanceof ApiError) || error.code !== "not_found") return false;
  if (row.kind === "inspection" || row.kind === "photo" || row.inspection === null) return false;
  const inspection = await inspectionRow(row.inspection);
  return inspection !== undefined && (await sendWhole(inspection, row.author));
}

/** Resolves when the server has confirmed the row and it is out of the outbox; else rejects, see `verdictOf`. */
export async function sendRow(row: OutboxRow, signal: AbortSignal): Promise<void> {
  try {
    await SENDERS[row.kind](row, signal);
  } catch (error) {
    if (await isLost(row, error))
      throw new Later("the server lost the walkthrough; it is sent anew");
    throw error;
  }
}
