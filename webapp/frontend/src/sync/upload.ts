/**
 * A photo on its way: tus 1.0 in small chunks, resumed at the server's offset after a cut, a kill or a new day. It counts
 * as sent only when the server's receipt names the same hash and size.
 */

import {
  type Answer,
  ApiError,
  type RawOptions,
  rawRequest,
  request,
  toError,
  Unreachable,
} from "../api/client";
import { announce } from "../work/changes";
import { dropMeta, getMeta, setMeta, write } from "../work/db";
import { sha256 } from "../work/digest";
import { capturesOfPhoto, photoBytes } from "../work/rows";
import type { Author, Capture, OutboxRow, Receipt } from "../work/types";
import { beat } from "./beat";
import { authorHeader, uploadMetadata } from "./metadata";
import { Pace } from "./pace";
import { Broken, Later, Mismatch } from "./verdict";

const API = "/api/v1";
const TUS = { "Tus-Resumable": "1.0.0" };
/** Failures in a row before the run is given up; the next run goes on at the same offset. */
const MOST_FAILURES = 3;
const MOST_RESTARTS = 2;
const BUSY_MS = 1500;

export const pace = new Pace();

interface Upload {
  capture: Capture;
  bytes: ArrayBuffer;
  signal: AbortSignal;
  /** Whose row it is; the first capture of these bytes may be another person's. */
  author: Author;
}

const urlKey = (sha: string): string => `upload:${sha}`;

async function ask(
  method: string,
  path: string,
  to: Upload,
  more: RawOptions = {},
): Promise<Answer> {
  const headers = { ...TUS, ...authorHeader(to.author), ...more.headers };
  const answer = await rawRequest(method, path, { ...more, headers, signal: to.signal });
  // Answers to HEAD have no body and thus no code: whether the session is gone, /me says.
  if (answer.status === 401) await request("GET", "/me", undefined, { signal: to.signal });
  return answer;
}

function offsetOf(answer: Answer): number {
  const text = answer.headers.get("Upload-Offset");
  // A guest network answers 200 to everything; only our server names an offset.
  if (text === null || !/^\d+$/.test(text)) throw new Unreachable("no offset");
  return Number(text);
}

const GONE = new Set([404, 410]);

/** Where the server is with it; null when it knows of no such upload. */
async function resumeAt(url: string, to: Upload): Promise<number | null> {
  const answer = await ask("HEAD", url, to);
  // An answer to HEAD has no body: why it is forbidden, the next request says.
  if (GONE.has(answer.status) || answer.status === 403) return null;
  if (answer.status === 423) throw new Later("the server is busy with this photo");
  if (!answer.ok) throw toError(answer);
  const offset = offsetOf(answer);
  const length = answer.headers.get("Upload-Length");
  const size = to.bytes.byteLength;
  return Number(length) === size && offset <= size ? offset : null;
}

async function create(to: Upload): Promise<string> {
  const answer = await ask("POST", `${API}/uploads`, to, {
    headers: {
      "Upload-Length": String(to.bytes.byteLength),
      "Upload-Metadata": uploadMetadata(to.capture),
    },
  });
  if (answer.status !== 201) throw answer.ok ? new Unreachable("not created") : toError(answer);
  const { pathname } = new URL(answer.headers.get("Location") ?? "", location.href);
  if (!pathname.startsWith(`${API}/uploads/`)) throw new Unreachable("no place to send it to");
  // Kept before the first byte goes: a killed page finds it and goes on.
  await setMeta(urlKey(to.capture.sha256), pathname);
  return pathname;
}

const base64 = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)));

async function patch(url: string, offset: number, to: Upload): Promise<Answer> {
  const chunk = to.bytes.slice(offset, offset + pace.bytes);
  const checksum = base64(await crypto.subtle.digest("SHA-256", chunk));
  const begun = performance.now();
  const answer = await ask("PATCH", url, to, {
    headers: {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(offset),
      "Upload-Checksum": `sha256 ${checksum}`,
    },
    body: chunk,
    timeoutMs: pace.timeout(chunk.byteLength),
  });
  if (answer.status === 204) pace.went(chunk.byteLength, performance.now() - begun);
  return answer;
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The offset after one more chunk; null when the upload is gone and has to begin anew. */
async function advance(url: string, offset: number, to: Upload): Promise<number | null> {
  const answer = await patch(url, offset, to);
  if (answer.status === 204) return offsetOf(answer);
  if (GONE.has(answer.status)) return null;
  if (answer.status === 423) await wait(BUSY_MS);
  // Wrong offset, wrong checksum or busy: the server is asked where it stands, and the chunk goes again from there.
  if ([409, 423, 460].includes(answer.status)) return resumeAt(url, to);
  throw answer.ok ? new Unreachable("not ours") : toError(answer);
}

/** True when all bytes are there; false when the server gave the upload up. */
async function sendAll(url: string, start: number, to: Upload): Promise<boolean> {
  let offset: number | null = start;
  let failures = 0;
  while (offset !== null && offset < to.bytes.byteLength) {
    const before: number = offset;
    try {
      offset = await advance(url, before, to);
      beat();
      if (offset === null || offset > before) failures = 0;
      else failures += 1;
    } catch (error) {
      failures += 1;
      pace.failed();
      if (!(error instanceof Unreachable) || failures >= MOST_FAILURES) throw error;
      offset = await resumeAt(url, to);
    }
    if (failures >= MOST_FAILURES) throw new Later("the server takes no more of this photo");
  }
  return offset !== null;
}

async function known(to: Upload): Promise<boolean> {
  const answer = await ask("HEAD", `${API}/photos/${to.capture.sha256}`, to);
  if (answer.ok) return true;
  if (answer.status === 404) return false;
  throw toError(answer);
}

async function begin(to: Upload): Promise<{ url: string; offset: number }> {
  const url = await getMeta<string>(urlKey(to.capture.sha256));
  const offset = url ? await resumeAt(url, to) : null;
  if (url && offset !== null) return { url, offset };
  return { url: await create(to), offset: 0 };
}

async function deliver(to: Upload): Promise<void> {
  for (let restarts = 0; restarts <= MOST_RESTARTS; restarts += 1) {
    const { url, offset } = await begin(to);
    if (await sendAll(url, offset, to)) return;
    await dropMeta(urlKey(to.capture.sha256));
    // The server found other bytes than the hash says: are ours still those that the camera gave?
    if ((await sha256(to.bytes)) !== to.capture.sha256)
      throw new Broken("photo_damaged", "the photo on this phone is not what was taken any more");
  }
  throw new Later("the server gave this upload up again and again");
}

/** Believed only when it names the very bytes that lie here. */
export async function proof({
  capture,
  signal,
}: Pick<Upload, "capture" | "signal">): Promise<Receipt> {
  const path = `/photos/${capture.sha256}/receipt`;
  const receipt = await request<Receipt>("GET", path, undefined, { signal });
  if (receipt.sha256 !== capture.sha256 || receipt.verified !== true)
    throw new Mismatch(`receipt for ${receipt.sha256}, not for ${capture.sha256}`);
  if (receipt.size !== capture.size)
    throw new Mismatch(`receipt for ${receipt.size} bytes, not for ${capture.size}`);
  return receipt;
}

async function settle(receipt: Receipt): Promise<void> {
  const sha = receipt.sha256;
  const places = await write(["outbox", "receipts", "meta"], async (tx) => {
    await tx.objectStore("receipts").put(receipt, sha);
    await tx.objectStore("meta").delete(urlKey(sha));
    const outbox = tx.objectStore("outbox");
    // The receipt is about the bytes, whoever took them.
    const mine = (await outbox.getAll()).filter((row) => row.kind === "photo" && row.ref === sha);
    for (const row of mine) await outbox.delete(row.key);
    return mine.map((row) => row.inspection ?? "");
  });
  await announce({ inspections: places });
}

/** A 404 on the receipt means that the server does not have it after all; it is no refusal. */
async function provenReceipt(to: Pick<Upload, "capture" | "signal">): Promise<Receipt> {
  try {
    return await proof(to);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    // An upload that ended without a photo is of no use: the next one begins anew.
    await dropMeta(urlKey(to.capture.sha256));
    throw new Later("the server has no receipt for it yet");
  }
}

export async function sendPhoto(row: OutboxRow, signal: AbortSignal): Promise<void> {
  const captures = await capturesOfPhoto(row.ref);
  const capture =
    captures.find((one) => one.here && one.author.id === row.author.id) ?? captures[0];
  if (!capture) throw new Broken("record_missing", `nothing on this phone names photo ${row.ref}`);
  const bytes = await photoBytes(row.ref);
  const { author } = row;
  const to = { capture, signal, author, bytes: bytes ?? new ArrayBuffer(0) };
  if (!(await known(to))) {
    if (!bytes) throw new Broken("photo_missing", "neither the server nor this phone has it");
    await deliver(to);
  }
  await settle(await provenReceipt(to));
}
