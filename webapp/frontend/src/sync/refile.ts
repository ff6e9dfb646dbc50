/** Two people changed one finding without knowing of one another: both are kept, ours as a finding of its own. */

import type { RemoteFinding } from "../api/types";
import { uuid7 } from "../lib/uuid7";
import { announce } from "../work/changes";
import { type WriteTx, write } from "../work/db";
import { findingDigest } from "../work/digest";
import { enqueue } from "../work/queue";
import { freezeAnew } from "../work/submit";
import type { Finding, OutboxRow } from "../work/types";
import { findingFrom, namesFor } from "./merge";
import { Later } from "./verdict";

/** Digests of this finding that we have sent: one of them may have arrived while its answer was lost. */
export const sentKey = (id: string): string => `sent:${id}`;

async function asNew(finding: Finding, row: OutboxRow): Promise<Finding> {
  const own = { ...finding, id: uuid7(), author: row.author, revision: 0, here: true };
  return { ...own, sha256: await findingDigest(own) };
}

/**
 * Photos whose links are still to be sent belong to our version. They get new ids: the old ones may have arrived while
 * the answer was lost, and a link never changes.
 */
async function moveLinks(tx: WriteTx, from: Finding, to: Finding): Promise<void> {
  const captures = tx.objectStore("captures");
  const outbox = tx.objectStore("outbox");
  for (const { key, kind, ref, author } of await outbox.getAll()) {
    const capture = kind === "link" ? await captures.get(ref) : undefined;
    if (capture?.finding !== from.id) continue;
    const moved = { ...capture, id: uuid7(), finding: to.id };
    await captures.delete(ref);
    await outbox.delete(key);
    await captures.put(moved, moved.id);
    await enqueue(tx, { kind: "link", ref: moved.id, inspection: moved.inspection, author });
  }
}

/** Ours goes as a new finding, the old one becomes what the server has, and a submission names both. */
export async function refile(
  row: OutboxRow,
  finding: Finding,
  there: RemoteFinding,
): Promise<void> {
  const own = await asNew(finding, row);
  const { inspection } = own;
  const done = await write(["findings", "captures", "outbox", "meta"], async (tx) => {
    const findings = tx.objectStore("findings");
    const current = await findings.get(finding.id);
    const waits = (await tx.objectStore("outbox").getKey(row.key)) !== undefined;
    if (!waits || current?.sha256 !== finding.sha256) return false;
    await tx.objectStore("outbox").delete(row.key);
    await tx.objectStore("meta").delete(sentKey(finding.id));
    await findings.put(findingFrom(there, namesFor(row.author)), finding.id);
    await findings.put(own, own.id);
    await enqueue(tx, { kind: "finding", ref: own.id, inspection, author: row.author });
    await moveLinks(tx, finding, own);
    return true;
  });
  if (!done) throw new Later("it was changed once more meanwhile");
  if (inspection) await freezeAnew(inspection);
  await announce({ inspections: [inspection ?? ""] });
}
