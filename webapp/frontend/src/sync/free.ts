/** Giving space back. Bytes go only when a receipt names them and everything that they are evidence for is complete. */

import { type ReadTx, read, type WriteTx, write } from "../work/db";
import { doubted } from "../work/doubt";
import type { Capture } from "../work/types";

const STORES = ["photos", "receipts", "captures", "inspections", "outbox", "meta"] as const;

/** The server's database was set back: what it said of these before counts no more. */
async function isDoubtful(tx: ReadTx | WriteTx, captures: Capture[]): Promise<boolean> {
  const ids = await doubted(tx);
  return captures.some(({ inspection }) => ids.includes(inspection ?? ""));
}

/** What only reads is the same in both kinds of transaction. */
async function mayGo(tx: ReadTx | WriteTx, sha: string): Promise<boolean> {
  const { objectStore } = tx as ReadTx;
  const store = objectStore.bind(tx) as ReadTx["objectStore"];
  const receipt = await store("receipts").get(sha);
  const captures = await store("captures").index("sha256").getAll(sha);
  if (receipt?.sha256 !== sha || receipt.verified !== true || captures.length === 0) return false;
  if (await isDoubtful(tx, captures)) return false;
  const rows = await store("outbox").getAll();
  if (rows.some((row) => row.kind === "photo" && row.ref === sha)) return false;
  for (const capture of captures) {
    if (capture.here && receipt.size !== capture.size) return false;
    if (rows.some((row) => row.kind === "link" && row.ref === capture.id)) return false;
    if (capture.inspection === null) continue;
    const inspection = await store("inspections").get(capture.inspection);
    if (inspection?.server?.state !== "complete") return false;
  }
  return true;
}

const candidates = (): Promise<string[]> =>
  read([...STORES], async (tx) => {
    const found: string[] = [];
    for (const sha of await tx.objectStore("photos").getAllKeys()) {
      if (await mayGo(tx, sha)) found.push(sha);
    }
    return found;
  });

/** Returns how many photos were freed. Their small pictures stay. */
export async function freePhotos(): Promise<number> {
  const found = await candidates();
  if (found.length === 0) return 0;
  // Judged again where it is done, so that nothing can be added between the judgement and the deletion.
  return write([...STORES], async (tx) => {
    let freed = 0;
    for (const sha of found) {
      if (!(await mayGo(tx, sha))) continue;
      await tx.objectStore("photos").delete(sha);
      freed += 1;
    }
    return freed;
  });
}
