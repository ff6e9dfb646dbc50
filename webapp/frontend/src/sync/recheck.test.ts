import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Me } from "../api/types";
import { FakeServer } from "../test/fake-server";
import { INES, ITEMS, MARK, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, outbox, stored, storedKeys } from "../test/phone";
import { keepPhoto } from "../work/capture";
import { read, write } from "../work/db";
import { doubted } from "../work/doubt";
import { saveAnswer, saveFinding, startInspection, submitInspection } from "../work/record";
import { inspectionRow } from "../work/rows";
import { startWork } from "../work/store";
import type { Answer, Author, Capture, Finding, Inspection, OutboxRow } from "../work/types";
import { type Flushed, flush } from "./flush";
import { freePhotos } from "./free";
import { pull } from "./pull";
import { recheckDoubted } from "./recheck";
import { reloadRows, startStatus, summary, whereabouts } from "./status";

let server: FakeServer;
let walk: Inspection;
const page = new AbortController();
const meOf = (user: Author, site = SITE): Me => ({
  user,
  role: "inspector",
  roles: ["inspector"],
  sites: [{ id: site, name: site, timezone: "UTC" }],
});
const send = (by = INES): Promise<Flushed> => flush(by.id, page.signal);
const tick = (to = ITEMS.bund, by = INES): Promise<Answer> =>
  saveAnswer(walk, to, null, { value: { choice: "pass" } }, by);
const shoot = (seed: number): Promise<Capture> =>
  keepPhoto(photo(seed), targetOf(walk, "view"), INES, null);
const note = (more: object = {}): Promise<Finding> =>
  saveFinding(
    {
      ...{ site: SITE, inspection: walk.id, item: null, kind: "minor", text: "Foam" },
      ...{ aspect: null, location: null, ...more },
    },
    INES,
  );
const refs = async (): Promise<string[]> =>
  (await stored<OutboxRow>("outbox")).map(({ key }) => key).sort();

/** As after `restore`: the server's trail does not know this phone's cursor. */
async function setBack(): Promise<void> {
  await pull(INES, SITE, page.signal);
  server.sync = { anew: true };
  await pull(INES, SITE, page.signal);
  server.sync = {};
}

async function recheck(me = meOf(INES)): Promise<boolean> {
  const looked = await recheckDoubted(me, page.signal);
  await reloadRows();
  return looked;
}

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
  await startWork();
  await startStatus();
  walk = await startInspection(TEMPLATE, SITE, INES);
});
afterEach(() => vi.unstubAllGlobals());

it("sends again what the server lost of a finished walkthrough, the finishing too", async () => {
  await tick(ITEMS.drain);
  const capture = await shoot(1);
  await send();
  const before = new Map(server.rows);
  const answer = await tick();
  const finding = await note();
  const lost = await shoot(2);
  await submitInspection(walk, INES);
  await send();
  expect(whereabouts("inspection", walk.id)).toBe("server");
  server.rows = before;
  server.photos.delete(lost.sha256);
  server.submissions.clear();
  await setBack();
  expect(whereabouts("inspection", walk.id)).toBe("phone");
  expect(summary.value.state).toBe("phone");
  await recheck();
  const queued = await refs();
  expect(queued).toEqual(expect.arrayContaining([`answer:${answer.id}`, `submit:${walk.id}`]));
  expect(queued).toEqual(
    expect.arrayContaining([`finding:${finding.id}`, `link:${lost.id}`, `photo:${lost.sha256}`]),
  );
  expect(queued).not.toContain(`photo:${capture.sha256}`);
  expect((await inspectionRow(walk.id))?.server?.state).toBe("draft");
  await send();
  expect(await outbox()).toEqual([]);
  expect(server.submissions.has(walk.id) && server.photos.has(lost.sha256)).toBe(true);
  expect(whereabouts("inspection", walk.id)).toBe("server");
});

it("says that a photo is lost of which this phone gave its copy up", async () => {
  const capture = await shoot(1);
  await submitInspection(walk, INES);
  await send();
  expect(await freePhotos()).toBe(1);
  server.photos.clear();
  await setBack();
  await recheck();
  expect(whereabouts("photo", capture.sha256)).not.toBe("server");
  await send();
  expect(whereabouts("photo", capture.sha256)).toBe("attention");
  expect(whereabouts("inspection", walk.id)).toBe("attention");
  expect((await stored<OutboxRow>("outbox")).map(({ problem }) => problem?.code)).toEqual([
    "photo_missing",
  ]);
  expect(await storedKeys("receipts")).toEqual([]);
});

it("sends a walkthrough anew of which the server knows nothing any more", async () => {
  const answer = await tick();
  const capture = await shoot(1);
  await submitInspection(walk, INES);
  await send();
  for (const lost of [server.rows, server.photos, server.submissions]) lost.clear();
  await setBack();
  await recheck();
  await send();
  expect(await outbox()).toEqual([]);
  expect(server.rows.has(answer.id) && server.submissions.has(walk.id)).toBe(true);
  expect(server.photos.has(capture.sha256)).toBe(true);
});

it("queues nothing of what is all there, and gives up no photo before it has looked", async () => {
  await tick();
  await note();
  await shoot(1);
  await submitInspection(walk, INES);
  await send();
  await setBack();
  expect(await freePhotos()).toBe(0);
  server.when("GET", /receipt/, "away", 1);
  await expect(recheckDoubted(meOf(INES), page.signal)).rejects.toThrow();
  expect(await freePhotos()).toBe(0);
  expect(await recheck()).toBe(true);
  expect(await refs()).toEqual([]);
  expect(await read(["meta"], doubted)).toEqual([]);
  expect(await recheck()).toBe(false);
});

it("goes on with a finding from the revision that the server went back to", async () => {
  const { id } = await note();
  await send();
  const older = server.rows.get(id);
  await note({ id, text: "Much foam" });
  await send();
  if (older) server.rows.set(id, older);
  await setBack();
  await recheck();
  await send();
  expect(await outbox()).toEqual([]);
  expect(await stored<Finding>("findings")).toHaveLength(1);
  expect(server.rows.get(id)?.body).toMatchObject({ text: "Much foam" });
});

it("sends a finding of no walkthrough again, with its photo", async () => {
  const finding = await note({ inspection: null });
  const target = { ...targetOf(walk, "view"), inspection: null, item: null, finding: finding.id };
  const capture = await keepPhoto(photo(3), target, INES, null);
  await send();
  server.rows.clear();
  server.photos.clear();
  await setBack();
  await recheck();
  await send();
  expect(await outbox()).toEqual([]);
  expect(server.rows.has(finding.id) && server.photos.has(capture.sha256)).toBe(true);
});

it("sends the beginning of another phone's walkthrough under who sends now, and one's own answers under oneself", async () => {
  const theirs = await tick(ITEMS.drain, MARK);
  const mine = await tick();
  server.user = MARK;
  await send(MARK);
  server.user = INES;
  await send();
  const begun = { ...walk, author: { ...MARK, id: "" }, deviceId: "another-phone" };
  await write(["inspections", "outbox"], async (tx) => {
    await tx.objectStore("inspections").put({ ...begun, server: null }, walk.id);
    await tx.objectStore("outbox").clear();
  });
  server.rows.clear();
  await setBack();
  await recheck();
  const rows = await stored<OutboxRow>("outbox");
  const authors = new Map(rows.map(({ key, author }) => [key, author.id]));
  expect(authors).toEqual(
    new Map([
      [`inspection:${walk.id}`, INES.id],
      [`answer:${theirs.id}`, MARK.id],
      [`answer:${mine.id}`, INES.id],
    ]),
  );
  await send();
  expect(await outbox()).toEqual([`answer:${theirs.id}`]);
});

it("does not take 'not found' for lost where this person does not work at the site", async () => {
  await tick();
  await send();
  server.rows.clear();
  await setBack();
  await recheck(meOf(MARK, "tannery"));
  expect(await refs()).toEqual([]);
  expect(await read(["meta"], doubted)).toEqual([walk.id]);
  await recheck();
  expect(await refs()).toHaveLength(2);
});
