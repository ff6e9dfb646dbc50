import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { INES, ITEMS, item, MARK, READING, SITE, TEMPLATE } from "../test/fixtures";
import { freshPhone, outbox, stored } from "../test/phone";
import { write } from "./db";
import { answerDigest, contentDigest } from "./digest";
import { heads } from "./outcome";
import {
  noteLastItem,
  saveAnswer,
  saveFinding,
  startInspection,
  submitInspection,
  undo,
} from "./record";
import { answerRows, inspectionRow } from "./rows";
import type { Answer, Inspection, OutboxRow } from "./types";

let walk: Inspection;
const pass = { value: { choice: "pass" } } as const;
const fail = { value: { choice: "fail" } } as const;
const current = async (of: string): Promise<Answer[]> => heads(await answerRows(walk.id), of);

beforeEach(async () => {
  await freshPhone();
  walk = await startInspection(TEMPLATE, SITE, INES);
});

describe("saving an answer", () => {
  it("has it in the record and in the outbox as soon as the promise resolves", async () => {
    const answer = await saveAnswer(walk, ITEMS.drain, "yard", pass, INES);
    expect(await outbox()).toEqual([`inspection:${walk.id}`, `answer:${answer.id}`]);
    expect(await stored<Answer>("answers")).toEqual([answer]);
    expect(answer).toMatchObject({ aspect: "a-water", location: "yard", replaces: [], here: true });
    expect(answer.sha256).toBe(await answerDigest(answer));
    const [, row] = await stored<OutboxRow>("outbox").then((rows) =>
      rows.sort((a, b) => a.seq - b.seq),
    );
    expect(row).toMatchObject({ author: INES, state: "waiting", inspection: walk.id });
  });

  it("adds a version that replaces the one before, and keeps what was not changed", async () => {
    const first = await saveAnswer(walk, ITEMS.drain, "yard", { ...fail, note: "leaves" }, INES);
    const second = await saveAnswer(walk, ITEMS.drain, "yard", { aspect: null }, INES);
    expect(second).toMatchObject({
      value: fail.value,
      note: "leaves",
      aspect: null,
      replaces: [first.id],
    });
    expect(await answerRows(walk.id)).toHaveLength(2);
    expect(await current("drain")).toEqual([second]);
  });

  it("joins two heads, and drops the photos of neither", async () => {
    const first = await saveAnswer(walk, ITEMS.drain, null, fail, INES);
    const theirs = { ...first, id: "theirs", photos: ["b"], author: MARK, here: false };
    const mine = { ...first, photos: ["a"] };
    await write(["answers"], async (tx) => {
      await tx.objectStore("answers").put(theirs, theirs.id);
      await tx.objectStore("answers").put(mine, mine.id);
    });
    expect(await current("drain")).toHaveLength(2);
    const joined = await saveAnswer(walk, ITEMS.drain, null, { note: "seen by both" }, INES);
    expect(joined.replaces.sort()).toEqual([first.id, "theirs"].sort());
    expect([...joined.photos].sort()).toEqual(["a", "b"]);
  });

  it("makes each of many quick taps a version of its own, in one line", async () => {
    const taps = [pass, fail, pass, fail].map((to) => saveAnswer(walk, ITEMS.bund, null, to, INES));
    const saved = await Promise.all(taps);
    expect(await current("bund")).toEqual([saved.at(-1)]);
    expect(saved.slice(1).map((one) => one.replaces[0])).toEqual(
      saved.slice(0, -1).map((one) => one.id),
    );
  });

  it("never writes what the server would refuse for ever", async () => {
    const save = (to: Parameters<typeof saveAnswer>[3], of = ITEMS.bund) =>
      saveAnswer(walk, of, null, to, INES);
    const ph = item("x", "reading", { point: READING.point });
    await expect(save({ value: { choice: "na" } })).rejects.toMatchObject({ code: "reason" });
    await expect(save({ value: { number: 15, text: "15" } }, ITEMS.ph)).rejects.toMatchObject({
      code: "range",
    });
    await expect(save({ value: { source: "sensor" } }, ph)).rejects.toMatchObject({
      code: "no_reading",
    });
    await expect(save({ note: "x".repeat(5001) })).rejects.toMatchObject({ code: "too_long" });
    expect(await stored("answers")).toEqual([]);
    expect((await save({ value: { text: "  " } }, ITEMS.words)).value).toBeNull();
    expect((await save({ value: { options: [] } }, item("y", "choice"))).value).toBeNull();
    expect((await save({ value: { choice: "na" }, note: "no bund" })).note).toBe("no bund");
  });

  it("cuts no character of a typed number or an instrument's name in half", async () => {
    const ph = item("ph-hand", "reading");
    const value = {
      ...{ source: "handheld", number: 7, text: `${"7".repeat(39)}😀` },
      instrument: `${"x".repeat(99)}😀`,
    } as const;
    const answer = await saveAnswer(walk, ph, null, { value, reading: READING }, INES);
    expect(answer.sha256).toBe(await answerDigest(answer));
  });

  it("writes nothing at all when the disk refuses", async () => {
    const real = IDBObjectStore.prototype.put;
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      ...row
    ) {
      if (this.name === "outbox") throw new DOMException("full", "QuotaExceededError");
      return real.apply(this, row as [unknown, string]);
    });
    await expect(saveAnswer(walk, ITEMS.bund, null, pass, INES)).rejects.toMatchObject({
      code: "no_space",
    });
    full.mockRestore();
    expect(await stored("answers")).toEqual([]);
    await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    expect(await stored("answers")).toHaveLength(1);
  });
});

describe("undo", () => {
  it("appends a version equal to the one before, and at last an empty one", async () => {
    await saveAnswer(walk, ITEMS.drain, "yard", { ...pass, note: "dry" }, INES);
    await saveAnswer(walk, ITEMS.drain, "yard", { ...fail, note: "wet" }, INES);
    const undone = await undo(walk, ITEMS.drain, INES);
    expect(undone).toMatchObject({ value: pass.value, note: "dry", location: "yard" });
    expect(await answerRows(walk.id)).toHaveLength(3);
    expect(await current("drain")).toEqual([undone]);
  });

  it("empties an answer that was the first, and does nothing where there is none", async () => {
    expect(await undo(walk, ITEMS.drain, INES)).toBeNull();
    const first = await saveAnswer(walk, ITEMS.drain, null, { ...pass, note: "dry" }, INES);
    expect(await undo(walk, ITEMS.drain, INES)).toMatchObject({
      value: null,
      note: "",
      replaces: [first.id],
    });
  });
});

describe("findings", () => {
  const draft = {
    site: SITE,
    item: null,
    kind: "minor",
    text: "Foam",
    aspect: null,
    location: "yard",
  } as const;

  it("are changed under their own id, with one row in the outbox", async () => {
    const made = await saveFinding({ ...draft, inspection: walk.id }, INES);
    const again = { ...draft, inspection: walk.id, id: made.id, text: "Much foam" };
    const changed = await saveFinding(again, INES);
    expect(changed).toMatchObject({ id: made.id, foundAt: made.foundAt, text: "Much foam" });
    expect(changed.sha256).not.toBe(made.sha256);
    expect(await outbox()).toEqual([`inspection:${walk.id}`, `finding:${made.id}`]);
    await expect(saveFinding(again, MARK)).rejects.toMatchObject({ code: "other_person" });
  });

  it("may belong to no walkthrough", async () => {
    const made = await saveFinding({ ...draft, inspection: null }, INES);
    expect(await outbox()).toContain(`finding:${made.id}`);
  });
});

describe("submitting", () => {
  it("freezes the content under one digest, and the walkthrough with it", async () => {
    const answer = await saveAnswer(walk, ITEMS.drain, "yard", pass, INES);
    const done = await submitInspection(walk, INES);
    expect(done).toMatchObject({ state: "submitted", server: null });
    expect((await outbox()).at(-1)).toBe(`submit:${walk.id}`);
    const [body] = await stored<{ content_sha256: string; answers: string[] }>("submissions");
    expect(body).toMatchObject({ answers: [answer.id], findings: [], photos: [] });
    expect(body?.content_sha256).toBe(await contentDigest(walk, [answer], [], []));
    await expect(saveAnswer(walk, ITEMS.drain, null, fail, INES)).rejects.toMatchObject({
      code: "submitted",
    });
    await expect(undo(walk, ITEMS.drain, INES)).rejects.toMatchObject({ code: "submitted" });
    expect((await submitInspection(walk, INES)).submittedAt).toBe(done.submittedAt);
  });
});

it("remembers where to carry on, without anything to send", async () => {
  const before = await outbox();
  await noteLastItem(walk.id, "ph");
  expect((await inspectionRow(walk.id))?.lastItem).toBe("ph");
  expect(await outbox()).toEqual(before);
});

it("records nothing on an address where nothing can be hashed", async () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  await expect(startInspection(TEMPLATE, SITE, INES)).rejects.toMatchObject({ code: "insecure" });
  await expect(saveAnswer(walk, ITEMS.bund, null, pass, INES)).rejects.toMatchObject({
    code: "insecure",
  });
  vi.unstubAllGlobals();
  expect(await stored("inspections")).toHaveLength(1);
});
