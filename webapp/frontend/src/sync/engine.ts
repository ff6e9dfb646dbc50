/** When to send and to fetch. How is in `runner.ts`; what counts as sent is in `send.ts` and `upload.ts`. */

import { effect } from "@preact/signals";
import { me, session, siteId } from "../store/session";
import { setMeta } from "../work/db";
import { canHash } from "../work/hash";
import { afterSave } from "../work/writing";
import { giveAnotherTry } from "./outbox";
import { lastSync, loaded, nextTry, pause, reloadRows, sender, startStatus } from "./status";
import { inTurn, listenToOthers } from "./turn";

const EVERY_MS = 30_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5 * 60_000;

let failures = 0;
let wakeTimer: ReturnType<typeof setTimeout> | null = null;
let running: Promise<void> | null = null;
/** What came in during a run: a nudge, or somebody who will not wait out the back-off. */
let again: "no" | "if-well" | "anyway" = "no";
let abort = new AbortController();

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

async function noteSuccess(): Promise<void> {
  failures = 0;
  lastSync.value = Date.now();
  await setMeta("lastSync", lastSync.value);
}

async function runOnce(demanded: boolean): Promise<void> {
  const { signal } = abort;
  const { oneRun } = await import("./runner");
  const state = await oneRun(demanded, signal);
  if (signal.aborted) return;
  pause.value = canHash() ? state : "insecure";
  // The outbox could not be read at the start, and can be by now.
  if (!loaded.peek()) await reloadRows();
  if (state === "offline" || state === "server-error") waitBeforeNextTry();
  else if (state !== "signed-out") await noteSuccess();
}

const mustRunAgain = (): boolean =>
  again === "anyway" || (again === "if-well" && nextTry.peek() === null);

async function untilQuiet(demanded: boolean): Promise<void> {
  let now = demanded;
  do {
    const asked = now || again === "anyway";
    again = "no";
    now = false;
    if (!isSignedIn()) return;
    endWait();
    await inTurn(() => runOnce(asked));
  } while (mustRunAgain());
}

/** Never two at once in this tab; a call during a run makes it look again before it ends. */
function run(demanded = false): Promise<void> {
  if (running) {
    if (again !== "anyway") again = demanded ? "anyway" : "if-well";
    return running;
  }
  running = untilQuiet(demanded)
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

/** Tries now, and resolves when there is nothing left to try. */
export async function syncNow(): Promise<void> {
  failures = 0;
  endWait();
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
  // Paused, one's own rows are still one's own.
  sender.value = me.peek()?.user.id ?? null;
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
