import { ApiError, Unreachable } from "../api/client";
import type { OutboxRow } from "../work/types";

/** The server's confirmation is not about what we sent. The row stays, and a person is told. */
export class Mismatch extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "Mismatch";
  }
}

/** Something of our own stands in the way: bytes that are gone or damaged. */
export class Broken extends Error {
  constructor(
    readonly code: "photo_missing" | "photo_damaged" | "record_missing",
    detail: string,
  ) {
    super(detail);
    this.name = "Broken";
  }
}

/** Not now: another row must go first, or the server is busy with this one. */
export class Later extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Later";
  }
}

export type Problem = NonNullable<OutboxRow["problem"]>;

export type Verdict =
  | { kind: "refused"; problem: Problem }
  | { kind: "later"; problem: Problem | null }
  | { kind: "unreachable" }
  | { kind: "signed-out" }
  /** The cookie became somebody else's meanwhile: in another tab, or after this tab last asked. */
  | { kind: "other-person" };

/** Statuses that say "not now", whoever sends them. */
const PASSING = new Set([408, 423, 425, 429]);

function ofServer(error: ApiError): Verdict {
  const problem = { status: error.status, code: error.code, detail: error.message };
  // Without a code it was not Fieldproof that spoke, but something in between: a guest network, a proxy.
  if (error.code === "") return { kind: "unreachable" };
  if (error.status === 401) return { kind: "signed-out" };
  if (error.code === "other_author") return { kind: "other-person" };
  if (error.status >= 500 || PASSING.has(error.status)) return { kind: "later", problem };
  return { kind: "refused", problem };
}

/** What a failure means for the row. Whatever is not surely a refusal is tried again. */
export function verdictOf(error: unknown): Verdict {
  if (error instanceof ApiError) return ofServer(error);
  if (error instanceof Unreachable) return { kind: "unreachable" };
  if (error instanceof Mismatch) {
    const problem = { status: 0, code: "digest_differs", detail: error.message };
    return { kind: "refused", problem };
  }
  if (error instanceof Broken)
    return { kind: "refused", problem: { status: 0, code: error.code, detail: error.message } };
  return { kind: "later", problem: null };
}
