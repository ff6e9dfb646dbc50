/** Empties the outbox of one person, row by row. What is refused or must wait never stops the others. */

import { getMe } from "../api/endpoints";
import type { OutboxRow } from "../work/types";
import { publish } from "./beat";
import { allRows, postpone, refuse, sendable } from "./outbox";
import { sendRow } from "./send";
import { idle } from "./status";
import { verdictOf } from "./verdict";

export interface Flushed {
  /** Something could not go now and is worth another try soon. */
  later: boolean;
  end: "done" | "unreachable" | "signed-out" | "other-person" | "stopped";
  /** Walkthroughs of which something was confirmed. */
  touched: Set<string>;
}

/** Null for nobody: the server does not answer, or nobody is signed in. */
const whoIsThere = (): Promise<string | null> =>
  getMe().then(
    ({ user }) => user.id,
    () => null,
  );

/** It may be this one request that does not come through: a photo must not hold up the answers. */
async function afterSilence(row: OutboxRow): Promise<Flushed["end"]> {
  const there = await whoIsThere();
  if (there === null) return "unreachable";
  if (there !== row.author.id) return "other-person";
  await postpone(row, null);
  return "done";
}

/** The end of the run, if this failure is one. */
async function afterFailure(row: OutboxRow, error: unknown, to: Flushed): Promise<Flushed["end"]> {
  const verdict = verdictOf(error);
  switch (verdict.kind) {
    case "signed-out":
    case "other-person":
      return verdict.kind;
    case "refused":
      await refuse(row, verdict.problem);
      return "done";
    case "unreachable":
      to.later = true;
      return afterSilence(row);
    default:
      to.later = true;
      await postpone(row, verdict.problem);
      return "done";
  }
}

async function sendOne(row: OutboxRow, to: Flushed, signal: AbortSignal): Promise<Flushed["end"]> {
  try {
    await sendRow(row, signal);
    if (row.inspection) to.touched.add(row.inspection);
    return "done";
  } catch (error) {
    return signal.aborted ? "stopped" : afterFailure(row, error, to);
  }
}

/** What this run may still send, also what waits for the row before it. */
const left = (all: OutboxRow[], user: string, tried: Set<string>): number =>
  all.filter((row) => row.author.id === user && row.state === "waiting" && !tried.has(row.key))
    .length;

/** Reads the outbox anew for each row: what is saved meanwhile goes in this run too, and before any photo. */
export async function flush(user: string, signal: AbortSignal): Promise<Flushed> {
  const flushed: Flushed = { later: false, end: "done", touched: new Set() };
  const tried = new Set<string>();
  for (let current = 1; flushed.end === "done"; current += 1) {
    const all = await allRows();
    const row = sendable(all, user).find(({ key }) => !tried.has(key));
    if (!row) break;
    publish({ current, total: current - 1 + left(all, user, tried), sending: row.key });
    tried.add(row.key);
    flushed.end = signal.aborted ? "stopped" : await sendOne(row, flushed, signal);
  }
  publish(idle());
  return flushed;
}
