import "fake-indexeddb/auto";
import { describe, expect, it, vi } from "vitest";
import { INES, ITEMS, MARK, photo, SITE, targetOf } from "../test/fixtures";
import { outbox, stored } from "../test/phone";
import { begin, bench, changedThere, changes, onAFreshPhone, row } from "../test/sending";
import { keepPhoto } from "../work/capture";
import { saveAnswer, saveFinding, submitInspection } from "../work/record";
import { inspectionRow } from "../work/rows";
import type { Answer, Finding, OutboxRow, Receipt } from "../work/types";
import { type Flushed, flush } from "./flush";
import { giveAnotherTry, waitsForPerson } from "./outbox";

const pass = { value: { choice: "pass" } } as const;
const send = (): Promise<Flushed> => flush(INES.id, new AbortController().signal);
const tick = (to = ITEMS.bund, by = INES): Promise<Answer> =>
  saveAnswer(bench.walk, to, null, pass, by);
const shoot = (seed = 1) => keepPhoto(photo(seed), targetOf(bench.walk, "view"), INES, null);

onAFreshPhone();

describe("order", () => {
  it("sends the header, then records as they were made, then photos, then the submission", async () => {
    const capture = await shoot();
    const answer = await tick();
    await submitInspection(bench.walk, INES);
    expect(await send()).toMatchObject({ end: "done", later: false });
    const [first] = await stored<Answer>("answers").then((all) =>
      all.filter((one) => one.id !== answer.id),
    );
    expect(changes()).toEqual([
      `/inspections/${bench.walk.id}`,
      `/inspections/${bench.walk.id}/answers/${first?.id}`,
      `/photos/${capture.sha256}/links/${capture.id}`,
      `/inspections/${bench.walk.id}/answers/${answer.id}`,
      "/uploads",
      "/uploads/up-1",
      `/inspections/${bench.walk.id}/submit`,
    ]);
    expect(await outbox()).toEqual([]);
    expect((await inspectionRow(bench.walk.id))?.server).toMatchObject({
      state: "complete",
      missing: [],
    });
  });

  it("sends what is saved during the run, before the next photo", async () => {
    await shoot(1);
    await shoot(2);
    let late: Answer | undefined;
    const real = bench.server.when.bind(bench.server);
    real("HEAD", /never/, "away");
    bench.server.rules.push((call) => {
      if (call.path === "/uploads" && !late) {
        late = {} as Answer;
        void tick().then((answer) => {
          late = answer;
        });
      }
      return undefined;
    });
    await send();
    const order = changes();
    expect(order.findIndex((path) => path.endsWith(late?.id ?? "-"))).toBeLessThan(
      order.lastIndexOf("/uploads"),
    );
    expect(await outbox()).toEqual([]);
  });

  it("tells the bench.server the phone's time with every request", async () => {
    await tick();
    await send();
    const clocks = bench.server.calls.map(({ headers }) =>
      Number(headers.get("X-Fieldproof-Clock")),
    );
    expect(clocks.every((clock) => Math.abs(clock - Date.now()) < 60_000)).toBe(true);
  });
});

describe("lost answers", () => {
  it("repeats what the bench.server has already done, with the same ids, and changes nothing by it", async () => {
    const finding = await saveFinding(
      {
        site: SITE,
        inspection: bench.walk.id,
        item: null,
        kind: "minor",
        text: "Foam",
        aspect: null,
        location: null,
      },
      INES,
    );
    const answer = await tick();
    bench.server.when("PUT", /./, "lost", 3);
    for (let run = 0; run < 4; run += 1) await send();
    expect(await outbox()).toEqual([]);
    expect([...bench.server.rows.keys()].sort()).toEqual(
      [bench.walk.id, finding.id, answer.id].sort(),
    );
  });

  it("recognises its own earlier version of a finding, and still never overwrites another's", async () => {
    const draft = {
      site: SITE,
      inspection: bench.walk.id,
      item: null,
      kind: "minor",
      text: "Foam",
      aspect: null,
      location: null,
    } as const;
    const finding = await saveFinding(draft, INES);
    bench.server.when("PUT", /findings/, "lost", 1);
    await send();
    await saveFinding({ ...draft, id: finding.id, text: "Much foam" }, INES);
    await send();
    expect(await outbox()).toEqual([]);
    expect((await stored<Finding>("findings"))[0]).toMatchObject({
      text: "Much foam",
      revision: 2,
    });
    await changedThere(finding.id, "Not foam, milk");
    await saveFinding({ ...draft, id: finding.id, text: "No foam" }, INES);
    await send();
    expect(bench.server.rows.get(finding.id)?.body).toMatchObject({ text: "Not foam, milk" });
  });

  it("keeps a finding's row when it was changed while it was on its way", async () => {
    const draft = {
      site: SITE,
      inspection: bench.walk.id,
      item: null,
      kind: "minor",
      text: "Foam",
      aspect: null,
      location: null,
    } as const;
    const finding = await saveFinding(draft, INES);
    let changed = false;
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const answer = await real(url, init);
      if (url.includes("/findings/") && !changed) {
        changed = true;
        await saveFinding({ ...draft, id: finding.id, text: "Much foam" }, INES);
      }
      return answer;
    });
    await send();
    expect(await outbox()).toEqual([`finding:${finding.id}`]);
    await send();
    expect(await outbox()).toEqual([]);
    expect(bench.server.rows.get(finding.id)?.body).toMatchObject({ text: "Much foam" });
  });

  it("takes a submission for confirmed that the bench.server has, though a finding changed since", async () => {
    await submitInspection(bench.walk, INES);
    bench.server.when("POST", /submit/, {
      status: 409,
      body: { code: "content_differs", detail: "" },
    });
    const [body] = await stored<{ content_sha256: string }>("submissions");
    const told = { state: "submitted", missing: ["aa"], flagged: false };
    bench.server.inspections.set(bench.walk.id, {
      ...told,
      submissions: [{ content_sha256: body?.content_sha256 }],
    });
    await send();
    expect(await outbox()).toEqual([]);
    expect((await inspectionRow(bench.walk.id))?.server).toMatchObject(told);
  });
});

describe("refusals", () => {
  it("hold back the rows of a refused header, and nobody else's", async () => {
    await tick();
    await shoot();
    const refused = bench.walk.id;
    const problem = { code: "forbidden", detail: "You do not work at this site." };
    bench.server.when("PUT", new RegExp(`inspections/${refused}$`), { status: 403, body: problem });
    const before = (await outbox()).slice(1);
    bench.walk = await begin();
    await tick();
    await send();
    expect(await outbox()).toEqual([`inspection:${refused}`, ...before]);
    expect(await row(`inspection:${refused}`)).toMatchObject({
      state: "refused",
      problem: { status: 403, code: "forbidden", detail: problem.detail },
    });
    expect(changes().filter((path) => path.includes(refused))).toHaveLength(1);
  });

  it("of one answer stop neither the others nor the photos; the submission waits, and goes after a retry", async () => {
    const bad = await tick();
    const good = await tick(ITEMS.drain);
    const capture = await shoot();
    await submitInspection(bench.walk, INES);
    bench.server.when(
      "PUT",
      new RegExp(bad.id),
      { status: 422, body: { code: "invalid", detail: "no" } },
      1,
    );
    await send();
    expect(await outbox()).toEqual([`answer:${bad.id}`, `submit:${bench.walk.id}`]);
    expect(bench.server.rows.has(good.id) && bench.server.photos.has(capture.sha256)).toBe(true);
    expect(changes().some((path) => path.endsWith("/submit"))).toBe(false);
    await send();
    expect(await row(`answer:${bad.id}`)).toMatchObject({ state: "refused", attempts: 1 });
    await giveAnotherTry(`answer:${bad.id}`);
    await send();
    expect(await outbox()).toEqual([]);
  });

  it("are only those of our own server: a proxy's page is a network that is away", async () => {
    const answer = await tick();
    bench.server.when("PUT", /answers/, { status: 403 });
    expect(await send()).toMatchObject({ later: true });
    expect(await row(`answer:${answer.id}`)).toMatchObject({ state: "waiting" });
  });

  it("do not come from a busy server", async () => {
    for (const status of [423, 429, 500, 503]) {
      const answer = await tick();
      bench.server.when(
        "PUT",
        new RegExp(answer.id),
        { status, body: { code: "x", detail: "" } },
        1,
      );
      expect(await send()).toMatchObject({ later: true, end: "done" });
      expect(await row(`answer:${answer.id}`)).toMatchObject({
        state: "waiting",
        problem: { status },
      });
      await send();
    }
    expect(await outbox()).toEqual([]);
  });

  it("include a confirmation that is not about what was sent", async () => {
    const answer = await tick();
    bench.server.when("PUT", /answers/, {
      status: 200,
      body: { id: answer.id, sha256: "00".repeat(32) },
    });
    await send();
    expect(await row(`answer:${answer.id}`)).toMatchObject({
      state: "refused",
      problem: { code: "digest_differs" },
    });
    bench.server.when("POST", /submit/, {
      status: 200,
      body: { state: "complete", missing: [], content_sha256: "00" },
    });
    bench.walk = await begin();
    await submitInspection(bench.walk, INES);
    await send();
    expect(await row(`submit:${bench.walk.id}`)).toMatchObject({ state: "refused" });
    expect((await inspectionRow(bench.walk.id))?.server).toMatchObject({ state: "draft" });
  });
});

it("sends again what a bench.server that was restored from a copy has lost", async () => {
  const answer = await tick();
  await send();
  bench.server.rows.delete(answer.id);
  await submitInspection(bench.walk, INES);
  expect(await send()).toMatchObject({ later: true });
  await send();
  expect(await outbox()).toEqual([]);
  expect(bench.server.submissions.has(bench.walk.id) && bench.server.rows.has(answer.id)).toBe(
    true,
  );
});

it("sends a whole walkthrough again when the bench.server knows nothing of it any more", async () => {
  const before = await tick(ITEMS.drain);
  await send();
  bench.server.rows.clear();
  const after = await tick();
  await send();
  await send();
  expect(await outbox()).toEqual([]);
  expect([...bench.server.rows.keys()].sort()).toEqual([bench.walk.id, before.id, after.id].sort());
});

it("stops at once when the session is gone, and keeps everything", async () => {
  await tick();
  await shoot();
  const before = await outbox();
  bench.server.user = null;
  expect(await send()).toMatchObject({ end: "signed-out" });
  expect(await outbox()).toEqual(before);
  expect(await stored("photos")).toHaveLength(1);
  expect(changes()).toHaveLength(1);
  bench.server.user = INES;
  await send();
  expect(await outbox()).toEqual([]);
});

it("stops when somebody else signed in meanwhile, and puts no row under that name", async () => {
  await send();
  await tick();
  await shoot();
  const before = await outbox();
  bench.server.user = MARK;
  expect(await send()).toMatchObject({ end: "other-person" });
  expect(await outbox()).toEqual(before);
  expect((await stored<OutboxRow>("outbox")).every(({ state }) => state === "waiting")).toBe(true);
  bench.server.when("PUT", /answers/, "away", 1);
  expect(await send()).toMatchObject({ end: "other-person" });
  bench.server.user = INES;
  await send();
  expect(await outbox()).toEqual([]);
  const named = bench.server.calls.filter(({ method }) =>
    ["PUT", "POST", "PATCH"].includes(method),
  );
  expect(named.every(({ headers }) => headers.get("X-Fieldproof-Author") === INES.id)).toBe(true);
});

it("leaves another person's rows alone", async () => {
  await send();
  const theirs = await tick(ITEMS.drain, MARK);
  const mine = await tick();
  await submitInspection(bench.walk, INES);
  await send();
  expect(await outbox()).toEqual([`answer:${theirs.id}`, `submit:${bench.walk.id}`]);
  expect(bench.server.rows.has(mine.id) && !bench.server.rows.has(theirs.id)).toBe(true);
  const rows = await stored<OutboxRow>("outbox");
  const submission = rows.find(({ kind }) => kind === "submit");
  expect(submission && waitsForPerson(submission, rows)).toEqual(MARK);
  bench.server.user = MARK;
  await flush(MARK.id, new AbortController().signal);
  bench.server.user = INES;
  await send();
  expect(await outbox()).toEqual([]);
});

it("stops when the network is away, and does not wear itself out on every row", async () => {
  await tick();
  await tick(ITEMS.drain);
  bench.server.when("PUT", /./, "away");
  bench.server.when("GET", /me/, "away");
  expect(await send()).toMatchObject({ end: "unreachable" });
  expect(changes()).toHaveLength(1);
});

it("does not let one photo that never comes through hold up the rest", async () => {
  const capture = await shoot();
  await submitInspection(bench.walk, INES);
  bench.server.when("PATCH", /./, "away");
  await send();
  expect(await outbox()).toEqual([`photo:${capture.sha256}`]);
  expect((await inspectionRow(bench.walk.id))?.server).toEqual({
    state: "submitted",
    missing: [capture.sha256],
    flagged: false,
  });
  bench.server.rules = [];
  await send();
  expect(await outbox()).toEqual([]);
  expect((await stored<Receipt>("receipts"))[0]).toMatchObject({
    sha256: capture.sha256,
    verified: true,
  });
});
