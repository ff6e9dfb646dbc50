import "fake-indexeddb/auto";
import { describe, expect, it, vi } from "vitest";
import { INES, photo, SITE, targetOf } from "../test/fixtures";
import { outbox, stored } from "../test/phone";
import { bench, changedThere, changes, onAFreshPhone, row } from "../test/sending";
import type { SubmitBody } from "../work/bodies";
import { keepPhoto } from "../work/capture";
import { saveFinding, submitInspection } from "../work/record";
import type { Finding } from "../work/types";
import { type Flushed, flush } from "./flush";
import { giveAnotherTry } from "./outbox";

const send = (): Promise<Flushed> => flush(INES.id, new AbortController().signal);

onAFreshPhone();

describe("a finding that two devices changed", () => {
  const draft = () =>
    ({
      site: SITE,
      inspection: bench.walk.id,
      item: null,
      kind: "minor",
      text: "Foam",
      aspect: null,
      location: null,
    }) as const;

  it("is kept twice: ours goes as a new one with its photo, and the submission names both", async () => {
    const { id } = await saveFinding(draft(), INES);
    await send();
    await changedThere(id, "Milk");
    const target = targetOf(bench.walk, "view", { finding: id });
    const capture = await keepPhoto(photo(1), target, INES, null);
    await saveFinding({ ...draft(), id, text: "Much foam" }, INES);
    await submitInspection(bench.walk, INES);
    await send();
    expect(await outbox()).toEqual([]);
    const findings = await stored<Finding>("findings");
    const ours = findings.find((one) => one.id !== id);
    expect(findings.find((one) => one.id === id)).toMatchObject({ text: "Milk", here: false });
    expect(ours).toMatchObject({ text: "Much foam", photos: [capture.sha256], author: INES });
    expect(bench.server.rows.get(ours?.id ?? "")?.body).toMatchObject({ text: "Much foam" });
    const links = [...bench.server.rows.values()].filter(({ body }) => "photo" in (body as object));
    expect(links.map(({ body }) => (body as { finding: string }).finding)).toEqual([ours?.id]);
    expect(bench.server.submissions.get(bench.walk.id)?.findings).toEqual([id, ours?.id].sort());
    expect(bench.server.photos.has(capture.sha256)).toBe(true);
  });

  it("stays as it was typed when it is changed once more in that very moment", async () => {
    const { id } = await saveFinding(draft(), INES);
    await send();
    await changedThere(id, "Milk");
    await saveFinding({ ...draft(), id, text: "Much foam" }, INES);
    const real = globalThis.fetch;
    let changed = false;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const answer = await real(url, init);
      if (init.method === "GET" && url.endsWith(id) && !changed) {
        changed = true;
        await saveFinding({ ...draft(), id, text: "Very much foam" }, INES);
      }
      return answer;
    });
    expect(await send()).toMatchObject({ later: true });
    expect(await outbox()).toEqual([`finding:${id}`]);
    await send();
    const texts = (await stored<Finding>("findings")).map(({ text }) => text);
    expect(texts.sort()).toEqual(["Milk", "Very much foam"]);
  });
});

describe("a submission that the bench.server sees differently", () => {
  const finding = () =>
    saveFinding(
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
  const posts = () => changes().filter((path) => path.endsWith("/submit"));

  it("is made anew from what both know, with the time of finishing kept", async () => {
    const { id } = await finding();
    await send();
    await changedThere(id, "Milk");
    await submitInspection(bench.walk, INES);
    const [before] = await stored<SubmitBody>("submissions");
    await send();
    expect(await outbox()).toEqual([]);
    const [after] = await stored<SubmitBody>("submissions");
    expect(after?.submitted_at).toBe(before?.submitted_at);
    expect(after?.content_sha256).not.toBe(before?.content_sha256);
    expect(bench.server.submissions.get(bench.walk.id)).toEqual(after);
    expect((await stored<Finding>("findings"))[0]).toMatchObject({ id, text: "Milk" });
  });

  it("is refused when the bench.server goes on saying so, and made anew when a person tries again", async () => {
    const { id } = await finding();
    await submitInspection(bench.walk, INES);
    const differs = { status: 409, body: { code: "content_differs", detail: "no" } };
    bench.server.when("POST", /submit/, differs, 1);
    await send();
    expect(await row(`submit:${bench.walk.id}`)).toMatchObject({
      state: "refused",
      problem: { code: "content_differs", detail: "no" },
    });
    await changedThere(id, "Milk");
    await giveAnotherTry(`submit:${bench.walk.id}`);
    await send();
    expect(await outbox()).toEqual([]);
    expect(posts()).toHaveLength(3);
  });

  it("is given up for this time after three turns", async () => {
    const { id } = await finding();
    await submitInspection(bench.walk, INES);
    let turn = 0;
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      turn += url.endsWith("/submit") ? 1 : 0;
      if (url.endsWith("/submit")) await changedThere(id, `Milk ${turn}`);
      return real(url, init);
    });
    await send();
    expect(posts()).toHaveLength(3);
    expect(await row(`submit:${bench.walk.id}`)).toMatchObject({ state: "refused" });
  });
});
