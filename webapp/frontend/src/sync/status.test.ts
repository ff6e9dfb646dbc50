import "fake-indexeddb/auto";
import { effect } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../test/fake-server";
import { INES, ITEMS, MARK, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, stored } from "../test/phone";
import { keepPhoto } from "../work/capture";
import { announce } from "../work/changes";
import { write } from "../work/db";
import { saveAnswer, startInspection, submitInspection } from "../work/record";
import { startWork } from "../work/store";
import type { Inspection, OutboxRow, Whereabouts } from "../work/types";
import { flush } from "./flush";
import { loaded, photosThere, rows, sender, startStatus, summary, whereabouts } from "./status";

let server: FakeServer;
let walk: Inspection;
const pass = { value: { choice: "pass" } } as const;
const send = () => flush(INES.id, new AbortController().signal);
const state = (): Whereabouts => summary.value.state;

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
  loaded.value = false;
  rows.value = [];
  photosThere.value = new Set();
  sender.value = INES.id;
});
afterEach(() => vi.unstubAllGlobals());

describe("at the start", () => {
  it("claims nothing before the outbox was read", async () => {
    const seen: string[] = [];
    const stop = effect(() => void seen.push(`${summary.value.loaded} ${summary.value.state}`));
    expect(whereabouts("answer", "any")).toBe("phone");
    expect(whereabouts("photo", "any")).toBe("phone");
    await startStatus();
    stop();
    expect(seen[0]).toBe("false phone");
    expect(seen.at(-1)).toBe("true server");
  });

  it("claims nothing when the outbox cannot be read", async () => {
    vi.stubGlobal("indexedDB", undefined);
    await expect(startStatus()).rejects.toMatchObject({ code: "no_database" });
    expect(summary.value).toMatchObject({ loaded: false, state: "phone" });
  });
});

describe("the claim", () => {
  beforeEach(async () => {
    await startWork();
    await startStatus();
    walk = await startInspection(TEMPLATE, SITE, INES);
  });

  it("is never 'server' while a row is on the disk, through saving, sending and finishing", async () => {
    const lies: string[] = [];
    const look = async (): Promise<void> => {
      const before = state();
      const waiting = (await stored<OutboxRow>("outbox")).length;
      if (before === "server" && state() === "server" && waiting > 0) lies.push(`${waiting} rows`);
    };
    let done = false;
    const watcher = (async () => {
      while (!done) await look();
    })();
    const seen: Whereabouts[] = [];
    const stop = effect(() => void seen.push(state()));
    await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    await submitInspection(walk, INES);
    await send();
    done = true;
    await watcher;
    stop();
    expect(lies).toEqual([]);
    expect(new Set(seen.slice(seen.indexOf("server")))).toEqual(new Set(["server"]));
    expect(seen).toContain("sending");
  });

  it("is taken back before the row is written, not after", async () => {
    await send();
    expect(state()).toBe("server");
    const seen: Whereabouts[] = [];
    const real = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      ...row
    ) {
      if (this.name === "outbox") seen.push(state());
      return real.apply(this, row as [unknown, string]);
    });
    await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    vi.restoreAllMocks();
    expect(seen).toEqual(["phone"]);
    expect(state()).toBe("phone");
  });

  it("says of each thing where it is", async () => {
    const answer = await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    const capture = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    const all = () => [
      whereabouts("inspection", walk.id),
      whereabouts("answer", answer.id),
      whereabouts("link", capture.id),
      whereabouts("photo", capture.sha256),
    ];
    expect(all()).toEqual(["phone", "phone", "phone", "phone"]);
    server.when("PUT", new RegExp(answer.id), {
      status: 422,
      body: { code: "invalid", detail: "" },
    });
    await send();
    expect(all()).toEqual(["attention", "attention", "server", "server"]);
    expect(summary.value).toMatchObject({ state: "attention", refused: 1, waiting: 1 });
    server.rules = [];
    await write(["outbox"], (tx) => tx.objectStore("outbox").clear());
    await announce({ inspections: [walk.id] });
    expect(all()).toEqual(["server", "server", "server", "server"]);
  });

  it("does not take a missing row for a receipt", async () => {
    const capture = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    await write(["outbox"], (tx) => tx.objectStore("outbox").clear());
    await announce({ inspections: [walk.id] });
    expect(whereabouts("photo", capture.sha256)).toBe("phone");
    expect(whereabouts("inspection", walk.id)).toBe("phone");
  });

  it("is not 'server' for a walkthrough whose photo waits under another one", async () => {
    const capture = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    server.when("POST", /uploads/, { status: 503, body: { code: "busy", detail: "" } });
    await send();
    const other = await startInspection(TEMPLATE, SITE, INES);
    await keepPhoto(photo(1), targetOf(other, "view"), INES, null);
    expect(whereabouts("photo", capture.sha256)).toBe("phone");
    expect(whereabouts("inspection", walk.id)).toBe("phone");
    await write(["outbox"], (tx) => tx.objectStore("outbox").delete(`photo:${capture.sha256}`));
    await announce({ inspections: [other.id] });
    expect(whereabouts("inspection", walk.id)).toBe("phone");
    server.rules = [];
    await keepPhoto(photo(1), targetOf(other, "view"), INES, null);
    await send();
    expect(whereabouts("inspection", walk.id)).toBe("server");
  });

  it("counts the rows of everybody, and names whose the others are", async () => {
    await saveAnswer(walk, ITEMS.bund, null, pass, MARK);
    expect(summary.value).toMatchObject({ waiting: 2, others: [{ author: MARK, count: 1 }] });
    await send();
    expect(summary.value).toMatchObject({ state: "phone", waiting: 1 });
  });
});
