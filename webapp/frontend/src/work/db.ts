import {
  type DBSchema,
  type IDBPDatabase,
  type IDBPTransaction,
  openDB,
  type StoreNames,
} from "idb";
import type { SubmitBody } from "./bodies";
import type { Answer, Capture, Finding, Inspection, OutboxRow, Receipt } from "./types";

interface Schema extends DBSchema {
  inspections: { key: string; value: Inspection };
  answers: { key: string; value: Answer; indexes: { inspection: string } };
  findings: { key: string; value: Finding; indexes: { inspection: string } };
  captures: { key: string; value: Capture; indexes: { inspection: string; sha256: string } };
  /** Bytes as the camera gave them, under their SHA-256. Written once by `add`, never put again: Safari loses those. */
  photos: { key: string; value: ArrayBuffer };
  thumbs: { key: string; value: ArrayBuffer };
  outbox: { key: string; value: OutboxRow; indexes: { seq: number } };
  /** What was submitted, word for word: what is sent must not drift from what the person finished. */
  submissions: { key: string; value: SubmitBody };
  receipts: { key: string; value: Receipt };
  /** Photos of which the server said that it has them, without a receipt to us: enough to show, never to free. */
  verified: { key: string; value: true };
  /** What the server lent us for working offline. The only store that signing out empties. */
  reference: { key: string; value: unknown };
  meta: { key: string; value: unknown };
}

export type StoreName = StoreNames<Schema>;
export type ReadTx = IDBPTransaction<Schema, StoreName[], "readonly">;
export type WriteTx = IDBPTransaction<Schema, StoreName[], "readwrite">;
export type WorkCode = "no_database" | "no_space" | "newer_version" | "failed";

/** The phone's own store refused. Nothing of what was asked was kept; everything from before still is. */
export class WorkError extends Error {
  constructor(
    readonly code: WorkCode,
    cause?: unknown,
  ) {
    super(code, { cause });
    this.name = "WorkError";
  }
}

const NAME = "fieldproof-work";
const VERSION = 1;
let opening: Promise<IDBPDatabase<Schema>> | null = null;

function create(db: IDBPDatabase<Schema>): void {
  for (const name of ["inspections", "submissions", "photos", "thumbs"] as const) {
    db.createObjectStore(name);
  }
  for (const name of ["receipts", "verified", "reference", "meta"] as const)
    db.createObjectStore(name);
  for (const name of ["answers", "findings"] as const) {
    db.createObjectStore(name).createIndex("inspection", "inspection");
  }
  const captures = db.createObjectStore("captures");
  captures.createIndex("inspection", "inspection");
  captures.createIndex("sha256", "sha256");
  db.createObjectStore("outbox").createIndex("seq", "seq");
}

function forget(): void {
  opening = null;
}

function open(): Promise<IDBPDatabase<Schema>> {
  const gone = (): void => {
    // The word on an old connection may come when there is a new one already.
    if (opening === mine) forget();
  };
  const mine = openDB<Schema>(NAME, VERSION, {
    upgrade: create,
    // iOS closes databases under memory pressure: the next call opens a new connection.
    terminated: gone,
    // A newer version of the app in another tab waits for this; it must not wait for ever.
    blocking: (_current, _wanted, event) => {
      gone();
      (event.target as IDBDatabase).close();
    },
  }).catch((error: unknown) => {
    gone();
    throw translated(error);
  });
  return mine;
}

async function database(): Promise<IDBPDatabase<Schema>> {
  if (typeof indexedDB === "undefined") throw new WorkError("no_database");
  opening ??= open();
  return opening;
}

const nameOf = (error: unknown): string => (error as { name?: string } | null)?.name ?? "";

function translated(error: unknown): unknown {
  switch (nameOf(error)) {
    case "QuotaExceededError":
      return new WorkError("no_space", error);
    case "VersionError":
      return new WorkError("newer_version", error);
    case "SecurityError":
    case "NotAllowedError":
      return new WorkError("no_database", error);
    // Private windows of some browsers have an IndexedDB that cannot be opened.
    case "InvalidStateError":
    case "UnknownError":
    case "AbortError":
    case "TimeoutError":
      return new WorkError("failed", error);
    default:
      return error;
  }
}

/** Signs of a connection that died under us; a new one usually works. */
const isDead = (error: unknown): boolean =>
  ["InvalidStateError", "UnknownError"].includes(nameOf(error));

async function withFreshConnection<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
  try {
    return await work(await database());
  } catch (error) {
    if (!isDead(error)) throw translated(error);
    forget();
  }
  try {
    return await work(await database());
  } catch (error) {
    throw translated(error);
  }
}

async function writeOnce<T>(
  db: IDBPDatabase<Schema>,
  stores: StoreName[],
  work: (tx: WriteTx) => Promise<T>,
): Promise<T> {
  const tx = db.transaction(stores, "readwrite", { durability: "strict" });
  // Awaited below; until then a refusal must not count as one that nobody listens to.
  tx.done.catch(() => undefined);
  try {
    const result = await work(tx);
    await tx.done;
    return result;
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It has ended already, by itself.
    }
    throw tx.error ?? error;
  }
}

/**
 * All of `work` or nothing, on the disk when the promise resolves. `work` may run twice when the connection died, and
 * may await nothing but the transaction's own requests.
 */
export const write = <T>(stores: StoreName[], work: (tx: WriteTx) => Promise<T>): Promise<T> =>
  withFreshConnection((db) => writeOnce(db, stores, work));

export const read = <T>(stores: StoreName[], work: (tx: ReadTx) => Promise<T>): Promise<T> =>
  withFreshConnection((db) => work(db.transaction(stores, "readonly")));

export const getMeta = <T>(key: string): Promise<T | undefined> =>
  read(["meta"], async (tx) => (await tx.objectStore("meta").get(key)) as T | undefined);

export const setMeta = (key: string, value: unknown): Promise<void> =>
  write(["meta"], async (tx) => void (await tx.objectStore("meta").put(value, key)));

export const dropMeta = (key: string): Promise<void> =>
  write(["meta"], (tx) => tx.objectStore("meta").delete(key));

/** After signing out nothing that the server lent stays readable. What people recorded here is not touched. */
export const forgetReference = (): Promise<void> =>
  write(["reference"], (tx) => tx.objectStore("reference").clear());

export async function closeWork(): Promise<void> {
  const open = opening;
  forget();
  (await open?.catch(() => null))?.close();
}
