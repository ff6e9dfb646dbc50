/** Reading the records of a walkthrough. */

import { read } from "./db";
import type { Answer, Capture, Finding, Inspection } from "./types";

export const inspectionRow = (id: string): Promise<Inspection | undefined> =>
  read(["inspections"], (tx) => tx.objectStore("inspections").get(id));

export const answerRows = (inspection: string): Promise<Answer[]> =>
  read(["answers"], (tx) => tx.objectStore("answers").index("inspection").getAll(inspection));

/** Findings without a walkthrough are asked for by "". */
export async function findingRows(inspection: string): Promise<Finding[]> {
  if (inspection)
    return read(["findings"], (tx) =>
      tx.objectStore("findings").index("inspection").getAll(inspection),
    );
  const all = await read(["findings"], (tx) => tx.objectStore("findings").getAll());
  return all.filter((finding) => finding.inspection === null);
}

export async function captureRows(inspection: string): Promise<Capture[]> {
  if (inspection)
    return read(["captures"], (tx) =>
      tx.objectStore("captures").index("inspection").getAll(inspection),
    );
  const all = await read(["captures"], (tx) => tx.objectStore("captures").getAll());
  return all.filter((capture) => capture.inspection === null);
}

export const capturesOfPhoto = (sha256: string): Promise<Capture[]> =>
  read(["captures"], (tx) => tx.objectStore("captures").index("sha256").getAll(sha256));

export const photoBytes = (sha256: string): Promise<ArrayBuffer | undefined> =>
  read(["photos"], (tx) => tx.objectStore("photos").get(sha256));

/** A finding has one text: while somebody's is unsent, another person's would go under that name. */
export async function isTakenByOther(finding: string, author: string): Promise<boolean> {
  const key = `finding:${finding}`;
  const row = await read(["outbox"], (tx) => tx.objectStore("outbox").get(key));
  return row !== undefined && row.author.id !== author;
}
