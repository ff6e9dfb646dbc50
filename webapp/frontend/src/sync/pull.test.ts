import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../test/fake-server";
import { INES, ITEMS, MARK, SITE, TEMPLATE } from "../test/fixtures";
import { freshPhone, outbox, stored } from "../test/phone";
import { getMeta } from "../work/db";
import { clockSkew, noteSkew } from "../work/device";
import { heads } from "../work/outcome";
import { saveAnswer, saveFinding, startInspection } from "../work/record";
import { loadReference, referenceKey } from "../work/reference";
import { answerRows, captureRows, findingRows, inspectionRow } from "../work/rows";
import type { Finding, Inspection } from "../work/types";
import { pull } from "./pull";

let server: FakeServer;
const key = referenceKey(INES.id, SITE);
const run = (): Promise<void> => pull(INES, SITE, new AbortController().signal);
const tells = (changed: object, more: object = {}): void => {
  server.sync = { changed, ...more };
};

const PHONE = { device_id: "other", utc_offset_min: 0, skew_ms: null, delivered_by: null };
const CAME = {
  ...PHONE,
  author: { username: "mark", name: "Mark Manager" },
  received_at: "2026-11-25T10:00:05Z",
};
const template = (id: string, version: number) => ({
  ...TEMPLATE,
  id,
  version,
  current: true,
  revision: 1,
});

const followed = (walk: Pick<Inspection, "id">, more: object = {}) => ({
  ...CAME,
  id: walk.id,
  site: SITE,
  template: { id: TEMPLATE.id, version: TEMPLATE.version, title: TEMPLATE.title },
  state: "draft",
  flagged: false,
  started_at: "2026-11-25T09:00:00Z",
  submitted_at: null,
  completed_at: null,
  revision: 5,
  missing: [],
  answers: [],
  findings: [],
  photos: [],
  submissions: [],
  ...more,
});

const remoteAnswer = (walk: Pick<Inspection, "id">, more: object = {}) => ({
  ...CAME,
  id: "their-answer",
  inspection: walk.id,
  item: "bund",
  repeat: 0,
  value: { choice: "fail" },
  note: "cracked",
  aspect: null,
  location: null,
  reading: null,
  photos: [],
  answered_at: "2026-11-25T10:00:00Z",
  replaces: [],
  sha256: "cc",
  ...more,
});

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
});
afterEach(() => vi.unstubAllGlobals());

describe("what the server lends", () => {
  it("is kept for this person and site, and changed bit by bit from then on", async () => {
    const place = { id: "yard", name: "Yard", path: "Dairy / Yard", parent: "dairy", token: "t0" };
    tells({
      templates: [template("t1", 1), template("t2", 1)],
      locations: [place],
      aspects: [{ id: "a", name: "Water" }],
    });
    await run();
    tells({ templates: [template("t1", 2)] }, { removed: { templates: ["t2"] } });
    await run();
    const known = await loadReference(key);
    expect(Object.values(known.templates).map(({ id, version }) => [id, version])).toEqual([
      ["t1", 2],
    ]);
    expect(known.places.yard).toEqual(place);
    expect(known.aspects.a).toMatchObject({ name: "Water" });
    expect(server.paths("GET")).toEqual(["/sync?site=dairy", "/sync?site=dairy&since=1.1"]);
    expect((await loadReference(referenceKey(MARK.id, SITE))).cursor).toBeNull();
  });

  it("is fetched whole again when the server does not know the cursor", async () => {
    tells({ templates: [template("t1", 1)] });
    await run();
    server.when("GET", /since/, { status: 422, body: { code: "invalid", detail: "" } });
    tells({ templates: [template("t9", 1)] });
    await run();
    expect(Object.keys((await loadReference(key)).templates)).toEqual(["t9"]);
  });

  it("does not come back after signing out in the middle", async () => {
    const page = new AbortController();
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const answer = await real(url, init);
      page.abort();
      return answer;
    });
    tells({ templates: [template("t1", 1)] });
    await pull(INES, SITE, page.signal).catch(() => undefined);
    expect(await stored("reference")).toEqual([]);
  });

  it("comes with the server's time, from which the phone's error is known", async () => {
    await noteSkew(0);
    tells({}, { ahead: 90_000 });
    await run();
    expect(Math.abs((clockSkew() ?? 0) - 90_000)).toBeLessThan(500);
    expect(await getMeta("skew")).toBe(clockSkew());
  });
});

describe("walkthroughs from the server", () => {
  it("become rows that are not from here, with the template they were begun with", async () => {
    const link = {
      ...CAME,
      id: "link-1",
      inspection: "w1",
      answer: "their-answer",
      item: "bund",
      finding: null,
      aspect: null,
      location: "yard",
      device: null,
      caption: "",
      source: "camera",
      captured_at: "2026-11-25T10:00:00Z",
      lat: 52,
      lon: -7,
      accuracy: 4,
      located_at: null,
    };
    const photo = { sha256: "dd", size: 99, mime: "image/jpeg", state: "verified", links: [link] };
    server.when("GET", /templates\/t-weekly\?version=3/, {
      status: 200,
      body: template(TEMPLATE.id, TEMPLATE.version),
    });
    tells({
      inspections: [
        followed(
          { id: "w1" },
          { answers: [remoteAnswer({ id: "w1" }, { photos: ["dd"] })], photos: [photo] },
        ),
      ],
    });
    await run();
    const walk = await inspectionRow("w1");
    expect(walk).toMatchObject({
      state: "draft",
      author: { username: "mark" },
      server: { state: "draft", revision: 5 },
    });
    expect(walk?.template.content).toEqual(TEMPLATE.content);
    expect(await answerRows("w1")).toMatchObject([
      { id: "their-answer", here: false, note: "cracked" },
    ]);
    expect(await captureRows("w1")).toMatchObject([
      { id: "link-1", sha256: "dd", size: 99, here: false, position: { lat: 52 } },
    ]);
    expect(await outbox()).toEqual([]);
  });

  it("join those that are here: both answers stay, and nothing of ours is touched", async () => {
    const walk = await startInspection(TEMPLATE, SITE, INES);
    const mine = await saveAnswer(walk, ITEMS.bund, null, { value: { choice: "pass" } }, INES);
    const echo = remoteAnswer(walk, { id: mine.id, note: "something else" });
    tells({ inspections: [followed(walk, { answers: [echo, remoteAnswer(walk)] })] });
    await run();
    const both = heads(await answerRows(walk.id), "bund");
    expect(both.map((one) => one.id).sort()).toEqual([mine.id, "their-answer"].sort());
    expect(both.find((one) => one.id === mine.id)).toEqual(mine);
    expect(await inspectionRow(walk.id)).toMatchObject({ ...walk, server: { state: "draft" } });
    expect(await outbox()).toHaveLength(2);
  });

  it("do not overwrite a finding whose change is unsent", async () => {
    const draft = {
      site: SITE,
      inspection: null,
      item: null,
      kind: "minor",
      text: "mine",
      aspect: null,
      location: null,
    } as const;
    const walk = await startInspection(TEMPLATE, SITE, INES);
    const mine = await saveFinding({ ...draft, inspection: walk.id }, INES);
    const theirs = {
      ...CAME,
      ...draft,
      inspection: walk.id,
      photos: [],
      found_at: "2026-11-25T10:00:00Z",
      sha256: "ee",
    };
    const rows = [
      { ...theirs, id: mine.id, text: "theirs", revision: 7 },
      { ...theirs, id: "f2", text: "new", revision: 1 },
    ];
    tells({ inspections: [followed(walk, { findings: rows })] });
    await run();
    const found = await findingRows(walk.id);
    expect(found.map((one: Finding) => one.text).sort()).toEqual(["mine", "new"]);
  });

  it("are submitted here when they were there, and never become drafts again by an older word", async () => {
    const walk = await startInspection(TEMPLATE, SITE, INES);
    tells({
      inspections: [
        followed(walk, { state: "complete", revision: 9, submitted_at: "2026-11-25T11:00:00Z" }),
      ],
    });
    await run();
    expect(await inspectionRow(walk.id)).toMatchObject({
      state: "submitted",
      server: { state: "complete" },
    });
    tells({ inspections: [followed(walk, { state: "draft", revision: 4 })] });
    await run();
    expect(await inspectionRow(walk.id)).toMatchObject({
      state: "submitted",
      server: { state: "complete", revision: 9 },
    });
    tells({ inspections: [followed(walk, { state: "submitted", revision: 10, missing: ["aa"] })] });
    await run();
    expect(await inspectionRow(walk.id)).toMatchObject({
      server: { state: "submitted", missing: ["aa"] },
    });
  });
});
