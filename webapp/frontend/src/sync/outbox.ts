/** Changing rows of the outbox. A row leaves it only here, and only with the proof in hand. */

import { announce } from "../work/changes";
import { read, type StoreName, type WriteTx, write } from "../work/db";
import type { Author, OutboxRow } from "../work/types";
import type { Problem } from "./verdict";

export const allRows = (): Promise<OutboxRow[]> =>
  read(["outbox"], (tx) => tx.objectStore("outbox").index("seq").getAll());

const placeOf = (row: OutboxRow): string[] => [row.inspection ?? ""];

/**
 * Takes confirmed rows out, together with what the confirmation brought. `still` says, inside the transaction, whether
 * what was confirmed is still what is here: it may have been changed while it was on its way.
 */
export async function confirm(
  row: OutboxRow,
  stores: StoreName[] = [],
  still: (tx: WriteTx) => Promise<boolean> = async () => true,
): Promise<void> {
  await write(["outbox", ...stores], async (tx) => {
    if (await still(tx)) await tx.objectStore("outbox").delete(row.key);
  });
  await announce({ inspections: placeOf(row) });
}

async function change(
  row: OutboxRow,
  to: (row: OutboxRow) => Pick<OutboxRow, "state" | "attempts" | "problem">,
): Promise<void> {
  await write(["outbox"], async (tx) => {
    const outbox = tx.objectStore("outbox");
    const current = await outbox.get(row.key);
    // Another tab may have sent it meanwhile: then there is nothing to mark.
    if (current) await outbox.put({ ...current, ...to(current) }, row.key);
  });
  await announce({ inspections: [] });
}

export const refuse = (row: OutboxRow, problem: Problem): Promise<void> =>
  change(row, ({ attempts }) => ({ state: "refused", attempts: attempts + 1, problem }));

export const postpone = (row: OutboxRow, problem: Problem | null): Promise<void> =>
  change(row, ({ attempts }) => ({ state: "waiting", attempts: attempts + 1, problem }));

/** A person wants it tried again: all that was refused, or one row. */
export async function giveAnotherTry(key?: string): Promise<void> {
  await write(["outbox"], async (tx) => {
    const outbox = tx.objectStore("outbox");
    for (const row of await outbox.getAll()) {
      if (row.state === "refused" && (key === undefined || key === row.key))
        await outbox.put({ ...row, state: "waiting", problem: null }, row.key);
    }
  });
  await announce({ inspections: [] });
}

const RANK: Record<OutboxRow["kind"], number> = {
  inspection: 0,
  answer: 1,
  finding: 1,
  link: 1,
  photo: 2,
  submit: 3,
};

/** Which rows these hold up: they must be gone before those make sense to the server. */
export function heldUpBy(rows: readonly OutboxRow[]): (row: OutboxRow) => boolean {
  const of = (rank: number): Set<string | null> =>
    new Set(rows.filter(({ kind }) => RANK[kind] === rank).map(({ inspection }) => inspection));
  const [heads, records] = [of(0), of(1)];
  return ({ kind, inspection }) => {
    if (kind === "inspection" || inspection === null) return false;
    return heads.has(inspection) || (kind === "submit" && records.has(inspection));
  };
}

/** Whose unsent work keeps this row of somebody else from going; null when it is nobody's. */
export function waitsForPerson(row: OutboxRow, rows: readonly OutboxRow[]): Author | null {
  const others = rows.filter(({ author }) => author.id !== row.author.id);
  return others.find((other) => heldUpBy([other])(row))?.author ?? null;
}

/** In the order of sending, without those that wait for another one. */
export function sendable(rows: readonly OutboxRow[], author: string): OutboxRow[] {
  const held = heldUpBy(rows);
  return rows
    .filter((row) => row.author.id === author && row.state === "waiting" && !held(row))
    .sort((a, b) => RANK[a.kind] - RANK[b.kind] || a.seq - b.seq);
}
