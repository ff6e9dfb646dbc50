import { iso, type SubmitBody } from "./bodies";
import { write } from "./db";
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

async function bodyOf(inspection: Inspection, content: Content, at: number): Promise<SubmitBody> {
  // Also one that a later answer left out: it was taken, so it is evidence.
  const photos = manifestOf(content.captures);
  return {
    content_sha256: await contentDigest(inspection, content.answers, content.findings, photos),
    answers: content.answers.map((answer) => answer.id).sort(),
    findings: content.findings.map((finding) => finding.id).sort(),
    photos,
    submitted_at: iso(at),
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
  inspection: Inspection,
  body: SubmitBody,
  rows: Content,
  by: Author,
): Promise<boolean> {
  const { id } = inspection;
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
      await tx.objectStore("inspections").put(inspection, id);
      await tx.objectStore("submissions").put(body, id);
      await enqueue(tx, { kind: "submit", ref: id, inspection: id, author: by });
      return true;
    },
  );
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
        kept = await keep(done, await bodyOf(done, content, submittedAt), content, author);
      }
    });
    return done;
  });
}
