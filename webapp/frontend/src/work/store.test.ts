import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { INES, ITEMS, MARK, SITE, TEMPLATE } from "../test/fixtures";
import { freshPhone } from "../test/phone";
import { closeChannel, type News } from "./changes";
import { closeWork, write } from "./db";
import { saveAnswer, startInspection, submitInspection } from "./record";
import { answersOf, inspections, localDrafts, startWork, storageReport, workFault } from "./store";
import type { Answer } from "./types";

const pass = { value: { choice: "pass" } } as const;

beforeEach(async () => {
  await freshPhone();
  await startWork();
});
afterEach(closeChannel);

describe("the screens", () => {
  it("see what was saved as soon as the promise resolves", async () => {
    const walk = await startInspection(TEMPLATE, SITE, INES);
    expect(inspections.value.get(walk.id)).toEqual(walk);
    const answers = answersOf(walk.id);
    const answer = await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    expect(answers.value).toEqual([answer]);
    await submitInspection(walk, INES);
    expect(inspections.value.get(walk.id)?.state).toBe("submitted");
  });

  it("see what another tab wrote", async () => {
    const walk = await startInspection(TEMPLATE, SITE, INES);
    const answers = answersOf(walk.id);
    const mine = await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    const theirs: Answer = { ...mine, id: "from-the-other-tab" };
    await write(
      ["answers"],
      async (tx) => void (await tx.objectStore("answers").put(theirs, theirs.id)),
    );
    const other = new BroadcastChannel("fieldproof-work");
    const news: News = { kind: "change", change: { inspections: [walk.id] } };
    other.postMessage(news);
    await vi.waitFor(() => expect(answers.value).toHaveLength(2));
    other.close();
  });

  it("are told when nothing can be kept on this phone", async () => {
    vi.stubGlobal("indexedDB", undefined);
    await closeWork();
    await startWork();
    expect(workFault.value).toBe("no_database");
    vi.unstubAllGlobals();
    await startWork();
    expect(workFault.value).toBeNull();
  });
});

it("offers the drafts that were begun on this phone, and says how far they are", async () => {
  const walk = await startInspection(TEMPLATE, SITE, INES);
  await saveAnswer(walk, ITEMS.bund, null, pass, INES);
  await saveAnswer(walk, ITEMS.bund, null, { note: "twice" }, INES);
  const done = await startInspection(TEMPLATE, SITE, MARK);
  await submitInspection(done, MARK);
  const foreign = { ...walk, id: "from-the-server", deviceId: "another phone" };
  await write(["inspections", "meta"], async (tx) => {
    await tx.objectStore("inspections").put(foreign, foreign.id);
    await tx.objectStore("meta").put(walk.deviceId, "device");
  });
  expect(await localDrafts()).toEqual([{ inspection: walk, answered: 1 }]);
});

it("reports what the phone holds without reading a single photo", async () => {
  const walk = await startInspection(TEMPLATE, SITE, INES);
  await write(["photos", "captures"], async (tx) => {
    await tx.objectStore("photos").add(new ArrayBuffer(9), "aa");
    const capture = { id: "c", sha256: "aa", size: 9, inspection: walk.id };
    await tx.objectStore("captures").put(capture as never, "c");
  });
  const read = vi.spyOn(IDBObjectStore.prototype, "get");
  expect(await storageReport()).toMatchObject({ photosHeld: 1, bytesHeld: 9, lastSync: null });
  expect(read.mock.contexts.map((store) => (store as IDBObjectStore).name)).not.toContain("photos");
  read.mockRestore();
});
