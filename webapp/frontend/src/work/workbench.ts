/** Gives work on photos to a worker, so that the screen stays quick; does it in the page where that fails. */

import type { Done, Job } from "./capture-worker";
import { type Hashed, makeThumb, readAndHash } from "./darkroom";

const PATIENCE_MS = 15_000;

type Settle = (done: Done | null) => void;

let worker: Worker | null = null;
let broken = typeof Worker === "undefined";
let lastId = 0;
const open = new Map<number, Settle>();

/** It did not load, or the system killed it: from now on the page does the work itself. */
function giveUp(): void {
  broken = true;
  worker?.terminate();
  worker = null;
  for (const settle of open.values()) settle(null);
  open.clear();
}

function bench(): Worker | null {
  if (broken || worker) return worker;
  try {
    worker = new Worker(new URL("./capture-worker.ts", import.meta.url), { type: "module" });
  } catch {
    broken = true;
    return null;
  }
  worker.onerror = giveUp;
  worker.onmessageerror = giveUp;
  worker.onmessage = ({ data }: MessageEvent<Done>) => open.get(data.id)?.(data);
  return worker;
}

type Order = { kind: "hash"; file: Blob } | { kind: "thumb"; bytes: ArrayBuffer; mime: string };

/** Null when there is no worker that answers. */
function ask(order: Order): Promise<Done | null> {
  const to = bench();
  if (!to) return Promise.resolve(null);
  lastId += 1;
  const job: Job = { id: lastId, ...order };
  return new Promise((done) => {
    const timer = setTimeout(giveUp, PATIENCE_MS);
    open.set(job.id, (answer) => {
      clearTimeout(timer);
      open.delete(job.id);
      done(answer);
    });
    to.postMessage(job);
  });
}

/** The file's bytes and their hash. Rejects when the file cannot be read. */
export async function hashFile(file: Blob): Promise<Hashed> {
  const done = await ask({ kind: "hash", file });
  // A worker that could not read it says nothing about whether the page can.
  return done?.kind === "hash" ? done.result : readAndHash(file);
}

/** Null for a photo that this browser cannot show. */
export async function thumbOf(bytes: ArrayBuffer, mime: string): Promise<ArrayBuffer | null> {
  const done = await ask({ kind: "thumb", bytes, mime });
  if (done?.kind === "thumb") return done.result;
  return makeThumb(bytes, mime).catch(() => null);
}
