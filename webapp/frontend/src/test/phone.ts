import { IDBFactory } from "fake-indexeddb";
import { closeWork, read, type StoreName } from "../work/db";
import type { OutboxRow } from "../work/types";

/** An empty phone: what the last test kept is gone, connections included. */
export async function freshPhone(): Promise<void> {
  await closeWork();
  globalThis.indexedDB = new IDBFactory();
}

/** Straight from the disk, not from any signal. */
export const stored = <T>(store: StoreName): Promise<T[]> =>
  read([store], async (tx) => (await tx.objectStore(store).getAll()) as T[]);

export const storedKeys = (store: StoreName): Promise<string[]> =>
  read([store], async (tx) => (await tx.objectStore(store).getAllKeys()) as string[]);

export const outbox = async (): Promise<string[]> =>
  (await stored<OutboxRow>("outbox")).sort((a, b) => a.seq - b.seq).map((row) => row.key);
