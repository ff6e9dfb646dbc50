import { iso, type SubmitBody } from "./bodies";
import { read, type WriteTx, write } from "./db";
import { deviceId } from "./device";
import { canHash, contentDigest } from "./digest";
import { RecordError } from "./errors";
import { manifestOf } from "./manifest";
import { enqueue } from "./queue";
import { answerRows, captureRows, findingRows, inspectionRow } from "./rows";
import { serially } from "./serial";
import type { Answer, Author, Capture, Finding, Inspection } from "./types";
import { whileWriting } from "./writing";

interface Content {
  answers: Answer[];
  findings: Finding[];
  captures: Capture[];
}

async function contentOf(id: string): Promise<Content> {
  const [answers, findings, captures] = await Promise.all([
    answerRows(id),
    findingRows(id),
    captureRows(id),
  ]);
  return { answers, findings, captures };
}

async function bodyOf(inspection: Inspection, content: Content, at: string): Promise<SubmitBody> {
  // Also one that a later answer left out: it was taken, so it is evidence.
  const photos = manifestOf(content.captures);
  return {
    content_sha256: await contentDigest(inspection, content.answers, content.findings, photos),
    answers: content.answers.map((answer) => answer.id).sort(),
    findings: content.findings.map((finding) => finding.id).sort(),
    photos,
    submitted_at: at,
    device_id: await deviceId(),
  };
}

const versions = (findings: Finding[]): string =>
  findings
    .map((finding) => finding.sha256)
    .sort()
    .join();

/** False when another tab added something between our reading and our writing. */
function keep(
  id: string,
  body: SubmitBody,
  rows: Content,
  more: (tx: WriteTx) => Promise<unknown> = async () => undefined,
): Promise<boolean> {
  return write(
    ["inspections", "answers", "findings", "captures", "submissions", "outbox", "meta"],
    async (tx) => {
      const count = (store: "answers" | "captures"): Promise<number> =>
        tx.objectStore(store).index("inspection").count(id);
      const findings = await tx.objectStore("findings").index("inspection").getAll(id);
      const same =
        (await count("answers")) === rows.answers.length &&
        (await count("captures")) === rows.captures.length &&
        versions(findings) === versions(rows.findings);
      if (!same) return false;
      await tx.objectStore("submissions").put(body, id);
      await more(tx);
      return true;
    },
  );
}

/** Who finished a walkthrough, should its submission have to go once more. */
export const submitterKey = (id: string): string => `submitter:${id}`;

async function queueSubmission(tx: WriteTx, done: Inspection, author: Author): Promise<void> {
  const { id } = done;
  await tx.objectStore("inspections").put(done, id);
  await tx.objectStore("meta").put(author, submitterKey(id));
  await enqueue(tx, { kind: "submit", ref: id, inspection: id, author });
}

/** Freezes what the walkthrough consists of, and queues it. Submitting again changes nothing. */
export async function submitInspection(
  inspection: Inspection,
  author: Author,
): Promise<Inspection> {
  if (!canHash()) throw new RecordError("insecure");
  return serially(async () => {
    const current = (await inspectionRow(inspection.id)) ?? inspection;
    if (current.state !== "draft") return current;
    const submittedAt = Date.now();
    const done: Inspection = { ...current, state: "submitted", submittedAt };
    await whileWriting([done.id], async () => {
      for (let kept = false; !kept; ) {
        const content = await contentOf(done.id);
        const body = await bodyOf(done, content, iso(submittedAt));
        kept = await keep(done.id, body, content, (tx) => queueSubmission(tx, done, author));
      }
    });
    return done;
  });
}

/** Of what is neither from here nor known there nobody can bring the server: naming it would hold up all the rest. */
function within(content: Content, there: ReadonlySet<string> | undefined): Content {
  const named = (row: { id: string; here: boolean }): boolean =>
    row.here || there === undefined || there.has(row.id);
  return {
    answers: content.answers.filter(named),
    findings: content.findings.filter(named),
    captures: content.captures.filter(named),
  };
}

/**
 * What is submitted once more from the rows that are known by now; when it was finished stays. `there` are the ids that
 * the server has. False when there is nothing to submit, or nothing else than before.
 */
export async function freezeAnew(id: string, there?: ReadonlySet<string>): Promise<boolean> {
  const inspection = await inspectionRow(id);
  const before = await read(["submissions"], (tx) => tx.objectStore("submissions").get(id));
  if (!inspection || !before) return false;
  for (let kept = false; !kept; ) {
    const content = await contentOf(id);
    const body = await bodyOf(inspection, within(content, there), before.submitted_at);
    if (body.content_sha256 === before.content_sha256) return false;
    kept = await keep(id, body, content);
  }
  return true;
}
