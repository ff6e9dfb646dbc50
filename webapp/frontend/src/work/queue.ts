import type { WriteTx } from "./db";
import type { Author, OutboxRow, RowKind } from "./types";

interface Entry {
  kind: RowKind;
  ref: string;
  inspection: string | null;
  author: Author;
}

async function nextSeq(tx: WriteTx): Promise<number> {
  const meta = tx.objectStore("meta");
  const seq = (((await meta.get("seq")) as number | undefined) ?? 0) + 1;
  await meta.put(seq, "seq");
  return seq;
}

/** Two people may photograph the same thing with one phone: each sends what is theirs. */
async function keyOf(tx: WriteTx, entry: Entry): Promise<string> {
  const key = `${entry.kind}:${entry.ref}`;
  const there = await tx.objectStore("outbox").get(key);
  return there && there.author.id !== entry.author.id ? `${key}:${entry.author.id}` : key;
}

/** Inside the transaction that writes the record itself: neither can be there without the other. */
export async function enqueue(tx: WriteTx, entry: Entry): Promise<OutboxRow> {
  const outbox = tx.objectStore("outbox");
  const key = await keyOf(tx, entry);
  const there = await outbox.get(key);
  const row: OutboxRow = {
    key,
    seq: there?.seq ?? (await nextSeq(tx)),
    kind: entry.kind,
    ref: entry.ref,
    inspection: entry.inspection,
    author: entry.author,
    state: "waiting",
    attempts: 0,
    problem: null,
    createdAt: there?.createdAt ?? Date.now(),
  };
  await outbox.put(row, key);
  return row;
}
