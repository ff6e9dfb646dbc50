import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Alarm, Me, Point } from "../api/types";

/** What was last known, so that the app opened without a network shows it with its time. */
export interface Snapshot {
  savedAt: number;
  points: Point[];
  alarms: Alarm[];
}

interface Schema extends DBSchema {
  known: { key: string; value: unknown };
}

const NAME = "fieldproof-known";
let opening: Promise<IDBPDatabase<Schema>> | null = null;

function database(): Promise<IDBPDatabase<Schema>> {
  opening ??= openDB<Schema>(NAME, 1, {
    upgrade: (db) => void db.createObjectStore("known"),
    // iOS closes idle databases under memory pressure: the next call opens a new one.
    terminated: () => {
      opening = null;
    },
  }).catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Private windows may have no storage at all: the app then works without memory. */
async function quietly<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T | undefined> {
  try {
    return await work(await database());
  } catch {
    return undefined;
  }
}

const snapshotKey = (user: string, site: string): string => `snapshot:${user}:${site}`;

export const loadMe = (): Promise<Me | undefined> =>
  quietly(async (db) => (await db.get("known", "me")) as Me | undefined);

export const saveMe = (me: Me): Promise<unknown> => quietly((db) => db.put("known", me, "me"));

export const loadSnapshot = (user: string, site: string): Promise<Snapshot | undefined> =>
  quietly(async (db) => (await db.get("known", snapshotKey(user, site))) as Snapshot | undefined);

export const saveSnapshot = (user: string, site: string, snapshot: Snapshot): Promise<unknown> =>
  quietly((db) => db.put("known", snapshot, snapshotKey(user, site)));

/** What a screen was shown last, with the moment of it. */
export interface Kept<T> {
  at: number;
  data: T;
}

export const loadKept = <T>(key: string): Promise<Kept<T> | undefined> =>
  quietly(async (db) => (await db.get("known", key)) as Kept<T> | undefined);

export const saveKept = <T>(key: string, kept: Kept<T>): Promise<unknown> =>
  quietly((db) => db.put("known", kept, key));

/** After signing out nothing of the site stays readable on a shared phone. */
export const forgetAll = (): Promise<unknown> => quietly((db) => db.clear("known"));
