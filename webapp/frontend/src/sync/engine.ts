/** When to send and to fetch. What is sent, and what counts as sent, is in `send.ts` and `upload.ts`. */

import { effect } from "@preact/signals";
import { ApiError } from "../api/client";
import { getMe } from "../api/endpoints";
import type { Me } from "../api/types";
import { confirmSession, me, session, siteId } from "../store/session";
import { setMeta } from "../work/db";
import { canHash } from "../work/digest";
import { inspections } from "../work/store";
import type { Pause } from "../work/types";
import { afterSave } from "../work/writing";
import { type Flushed, flush } from "./flush";
import { freePhotos } from "./free";
import { fetchInspection } from "./open";
import { allRows, giveAnotherTry } from "./outbox";
import { pull } from "./pull";
import { lastSync, nextTry, pause, sender, startStatus } from "./status";
import { inTurn, listenToOthers } from "./turn";

const EVERY_MS = 30_000;
const PULL_EVERY_MS = 20_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5 * 60_000;

let failures = 0;
let wakeTimer: ReturnType<typeof setTimeout> | null = null;
let running: Promise<void> | null = null;
/** What came in during a run: a nudge, or somebody who will not wait out the back-off. */
let again: "no" | "if-well" | "anyway" = "no";
let abort = new AbortController();
let pulledAt = 0;

function waitBeforeNextTry(): void {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  // Jitter: the phones of a crew that regains the network together must not all come at once.
  const wait = longest * (0.5 + Math.random() / 2);
  failures += 1;
  nextTry.value = Date.now() + wait;
  if (wakeTimer) clearTimeout(wakeTimer);
  wakeTimer = setTimeout(() => void run(), wait);
}

function endWait(): void {
  if (wakeTimer) clearTimeout(wakeTimer);
  wakeTimer = null;
  nextTry.value = null;
}

const isSignedIn = (): boolean => session.peek().status === "signed-in";

/** Honest: only our own server's word for who is signed in counts as being online. */
async function whoAmI(): Promise<Me | Pause> {
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

async function fetchNews(who: Me, forced: boolean, signal: AbortSignal): Promise<void> {
  const site = siteId.peek();
  if (!site || (!forced && Date.now() - pulledAt < PULL_EVERY_MS)) return;
  await pull(who.user, site, signal);
  pulledAt = Date.now();
}

async function pauseAfter(flushed: Flushed, user: string): Promise<Pause> {
  if (flushed.end === "unreachable") return "offline";
  if (flushed.end === "signed-out") return "signed-out";
  const rows = await allRows();
  if (rows.length > 0 && rows.every((row) => row.author.id !== user)) return "other-person";
  return flushed.later ? "server-error" : null;
}

async function afterFlush(
  flushed: Flushed,
  who: Me,
  forced: boolean,
  signal: AbortSignal,
): Promise<Pause> {
  const state = await pauseAfter(flushed, who.user.id);
  if (flushed.end !== "done") return state;
  try {
    await askForStates(flushed.touched);
    await fetchNews(who, forced, signal);
    await freePhotos();
  } catch (error) {
    if (signal.aborted) return state;
    return error instanceof ApiError && error.code !== "" ? "server-error" : "offline";
  }
  return state;
}

async function noteSuccess(): Promise<void> {
  failures = 0;
  lastSync.value = Date.now();
  await setMeta("lastSync", lastSync.value);
}

/** One run: who am I, send, fetch, give space back. */
async function runOnce(forced: boolean): Promise<void> {
  const { signal } = abort;
  const who = await whoAmI();
  if (signal.aborted) return;
  if (who === null || typeof who === "string") {
    pause.value = who;
    if (who !== "signed-out") waitBeforeNextTry();
    return;
  }
  sender.value = who.user.id;
  void confirmSession();
  const flushed = canHash() ? await flush(who.user.id, signal) : EMPTY;
  const state = await afterFlush(flushed, who, forced, signal);
  if (signal.aborted) return;
  pause.value = canHash() ? state : "insecure";
  if (state === "offline" || state === "server-error") waitBeforeNextTry();
  else if (state !== "signed-out") await noteSuccess();
}

const EMPTY: Flushed = { later: false, end: "done", touched: new Set() };

const mustRunAgain = (): boolean =>
  again === "anyway" || (again === "if-well" && nextTry.peek() === null);

async function untilQuiet(forced: boolean): Promise<void> {
  let now = forced;
  do {
    now ||= again === "anyway";
    again = "no";
    if (!isSignedIn()) return;
    endWait();
    const demanded = now;
    await inTurn(() => runOnce(demanded));
    now = false;
  } while (mustRunAgain());
}

/** Never two at once in this tab; a call during a run makes it look again before it ends. */
function run(forced = false): Promise<void> {
  if (running) {
    if (again !== "anyway") again = forced ? "anyway" : "if-well";
    return running;
  }
  running = untilQuiet(forced)
    // The phone's own store failed: nothing is lost, nothing is claimed, and it is tried again.
    .catch(() => waitBeforeNextTry())
    .finally(() => {
      running = null;
    });
  return running;
}

/** A save, or time passing: waits out the back-off. */
function nudge(): void {
  if (nextTry.peek() === null) void run();
}

function reset(): void {
  failures = 0;
  endWait();
}

/** Tries now, and resolves when there is nothing left to try. */
export async function syncNow(): Promise<void> {
  reset();
  await run(true);
}

/** A person asks for it: refused rows, or one of them, get another turn, and the back-off begins anew. */
export async function retry(key?: string): Promise<void> {
  await giveAnotherTry(key);
  await syncNow();
}

function stop(): void {
  abort.abort();
  abort = new AbortController();
  endWait();
  failures = 0;
  pulledAt = 0;
  sender.value = null;
  pause.value = canHash() ? "signed-out" : "insecure";
}

function followSession(): void {
  let person: string | null = null;
  let place: string | null = null;
  effect(() => {
    const next = session.value.status === "signed-in" ? (me.value?.user.id ?? null) : null;
    const site = siteId.value;
    const same = next === person && site === place;
    if (next !== person || next === null) stop();
    [person, place] = [next, site];
    if (next === null || same) return;
    pause.value = null;
    sender.value = next;
    void run(true);
  });
}

/** Called once at the start of the app, after `startWork`. */
export async function startSync(): Promise<void> {
  listenToOthers();
  await startStatus().catch(() => undefined);
  afterSave(nudge);
  followSession();
  addEventListener("online", () => void syncNow());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void run(true);
  });
  setInterval(() => {
    if (document.visibilityState === "visible") nudge();
  }, EVERY_MS);
}
