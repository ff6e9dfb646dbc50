import "fake-indexeddb/auto";
import { forceCloseDatabase, IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it, vi } from "vitest";
import { freshPhone, stored } from "../test/phone";
import { closeWork, forgetReference, getMeta, setMeta, write } from "./db";

beforeEach(freshPhone);

it("asks for strict durability on every writing transaction", async () => {
  const seen: unknown[] = [];
  const real = IDBDatabase.prototype.transaction;
  const spy = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
    this: IDBDatabase,
    ...args
  ) {
    if (args[1] === "readwrite") seen.push(args[2]);
    return real.apply(this, args);
  });
  await setMeta("a", 1);
  await forgetReference();
  spy.mockRestore();
  expect(seen).toEqual([{ durability: "strict" }, { durability: "strict" }]);
});

it("opens a new connection when the system closed the old one", async () => {
  const opened = vi.spyOn(IDBFactory.prototype, "open");
  await setMeta("a", 1);
  const request = opened.mock.results[0]?.value as IDBOpenDBRequest;
  // Without any event, as when it dies between two requests; then with the event that iOS sends.
  request.result.close();
  expect(await getMeta("a")).toBe(1);
  const second = opened.mock.results[1]?.value as IDBOpenDBRequest;
  forceCloseDatabase(second.result as never);
  await setMeta("a", 2);
  expect(await getMeta("a")).toBe(2);
  expect(opened).toHaveBeenCalledTimes(3);
  opened.mockRestore();
});

it("makes way for a newer version of the app, and then says that it is the older one", async () => {
  await setMeta("a", 1);
  const newer = await new Promise<IDBDatabase>((done, fail) => {
    const request = indexedDB.open("fieldproof-work", 2);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
    request.onblocked = () => fail(new Error("blocked"));
  });
  newer.close();
  await expect(getMeta("a")).rejects.toMatchObject({ code: "newer_version" });
});

it("keeps all of a transaction or nothing", async () => {
  const half = write(["meta", "thumbs"], async (tx) => {
    await tx.objectStore("meta").put(1, "half");
    throw new Error("stop");
  });
  await expect(half).rejects.toThrow("stop");
  expect(await getMeta("half")).toBeUndefined();
});

it("says so where there is no database at all", async () => {
  await closeWork();
  vi.stubGlobal("indexedDB", undefined);
  await expect(setMeta("a", 1)).rejects.toMatchObject({ code: "no_database" });
  vi.unstubAllGlobals();
});

it("forgets what the server lent and nothing else", async () => {
  await setMeta("device", "d");
  await write(["reference", "photos"], async (tx) => {
    await tx.objectStore("reference").put({}, "u:dairy");
    await tx.objectStore("photos").add(new ArrayBuffer(3), "aa");
  });
  await forgetReference();
  expect(await stored("reference")).toEqual([]);
  expect(await stored("photos")).toHaveLength(1);
  expect(await getMeta("device")).toBe("d");
});
