/** One run of the sync. A chunk of its own: the first screen needs to know what is unsent, not how it is sent. */

import { ApiError } from "../api/client";
import { getMe } from "../api/endpoints";
import type { Me } from "../api/types";
import { confirmSession, resume, siteId } from "../store/session";
import { canHash } from "../work/hash";
import { inspections } from "../work/store";
import type { Pause } from "../work/types";
import { type Flushed, flush } from "./flush";
import { freePhotos } from "./free";
import { fetchInspection } from "./open";
import { allRows } from "./outbox";
import { pull } from "./pull";
import { recheckDoubted } from "./recheck";
import { sender } from "./status";

const PULL_EVERY_MS = 20_000;
const NOTHING: Flushed = { later: false, end: "done", touched: new Set() };

let pulled = { user: "", site: "", at: 0 };

/** Honest: only our own server's word for who is signed in counts as being online. */
async function whoAmI(): Promise<Me | "offline" | "signed-out" | "server-error"> {
  try {
    const answer = await getMe();
    return typeof answer?.user?.id === "string" ? answer : "offline";
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "") return "offline";
    return error.status === 401 ? "signed-out" : "server-error";
  }
}

/** What was finished and sent whole may have become complete by it: only the server can say so. */
async function askForStates(touched: Set<string>): Promise<void> {
  const open = new Set((await allRows()).map((row) => row.inspection));
  for (const id of touched) {
    const inspection = inspections.peek().get(id);
    const waits = inspection?.state === "submitted" && inspection.server?.state !== "complete";
    if (waits && !open.has(id)) await fetchInspection(id);
  }
}

/** True when what the server told of its records is of now: only then may space be given back. */
async function fetchNews({ user }: Me, demanded: boolean, signal: AbortSignal): Promise<boolean> {
  const site = siteId.peek();
  if (!site) return false;
  const fresh = pulled.user === user.id && pulled.site === site;
  if (fresh && !demanded && Date.now() - pulled.at < PULL_EVERY_MS) return true;
  await pull(user, site, signal);
  pulled = { user: user.id, site, at: Date.now() };
  return true;
}

async function pauseAfter(flushed: Flushed, user: string): Promise<Pause> {
  if (flushed.end === "unreachable") return "offline";
  if (flushed.end === "signed-out" || flushed.end === "other-person") return flushed.end;
  const rows = await allRows();
  if (rows.length > 0 && rows.every((row) => row.author.id !== user)) return "other-person";
  return flushed.later ? "server-error" : null;
}

async function afterFlush(
  flushed: Flushed,
  who: Me,
  demanded: boolean,
  signal: AbortSignal,
): Promise<Pause> {
  let state = await pauseAfter(flushed, who.user.id);
  if (flushed.end !== "done") return state;
  try {
    await askForStates(flushed.touched);
    const isNow = await fetchNews(who, demanded, signal);
    if (await recheckDoubted(who, signal))
      state = await pauseAfter(await flush(who.user.id, signal), who.user.id);
    if (isNow) await freePhotos();
  } catch (error) {
    if (signal.aborted) return state;
    return error instanceof ApiError && error.code !== "" ? "server-error" : "offline";
  }
  return state;
}

/** Who am I, send, fetch, give space back. Resolves to what keeps it from going on, or null when all went well. */
export async function oneRun(demanded: boolean, signal: AbortSignal): Promise<Pause> {
  const who = await whoAmI();
  if (typeof who === "string" || signal.aborted) return typeof who === "string" ? who : null;
  sender.value = who.user.id;
  void confirmSession();
  const flushed = canHash() ? await flush(who.user.id, signal) : NOTHING;
  // Somebody else signed in, in another tab: this one must draw for them, and send what is theirs.
  if (flushed.end === "other-person" && !signal.aborted) void resume();
  return afterFlush(flushed, who, demanded, signal);
}
