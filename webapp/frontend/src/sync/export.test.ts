import "fake-indexeddb/auto";
import { beforeEach, expect, it, vi } from "vitest";
import { FakeServer } from "../test/fake-server";
import { INES, ITEMS, MARK, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, stored } from "../test/phone";
import { answerBody, findingBody, headerBody, linkBody } from "../work/bodies";
import { keepPhoto } from "../work/capture";
import { sha256 } from "../work/hash";
import { saveAnswer, saveFinding, startInspection, submitInspection } from "../work/record";
import { exportZip } from "./export";
import { flush } from "./flush";

/** A reader of stored ZIP entries by their central directory, apart from the code that wrote them. */
async function unzip(blob: Blob): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    const [method, size] = [view.getUint16(at + 10, true), view.getUint32(at + 24, true)];
    const [name, extra, note] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const local = view.getUint32(at + 42, true);
    const data = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    expect(method).toBe(0);
    const label = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + (name ?? 0)));
    found.set(label, bytes.slice(data, data + size));
    at += 46 + (name ?? 0) + (extra ?? 0) + (note ?? 0);
  }
  return found;
}

const json = (files: Map<string, Uint8Array>, name: string) =>
  JSON.parse(new TextDecoder().decode(files.get(name)));

beforeEach(async () => {
  await freshPhone();
});

it("writes everything of every unsent walkthrough, whoever's, with the photos' own bytes", async () => {
  const walk = await startInspection(TEMPLATE, SITE, INES);
  const answer = await saveAnswer(
    walk,
    ITEMS.bund,
    "yard",
    { value: { choice: "na" }, note: "– kein Bund 😀" },
    MARK,
  );
  const file = photo(1);
  const capture = await keepPhoto(file, targetOf(walk, "view"), INES, null);
  const finding = await saveFinding(
    {
      site: SITE,
      inspection: walk.id,
      item: "bund",
      kind: "minor",
      text: "Foam",
      aspect: null,
      location: null,
    },
    INES,
  );
  await submitInspection(walk, INES);
  const files = await unzip(await exportZip());
  expect([...files.keys()]).toEqual([
    "fieldproof.json",
    `inspections/${walk.id}.json`,
    `photos/${capture.sha256}`,
  ]);
  expect(json(files, "fieldproof.json")).toMatchObject({
    format: "fieldproof-inspections",
    version: 1,
    inspections: [walk.id],
  });
  const written = json(files, `inspections/${walk.id}.json`);
  expect(written).toMatchObject({ id: walk.id, author: INES, header: headerBody(walk) });
  expect(written.answers).toHaveLength(2);
  expect(written.answers).toContainEqual({ id: answer.id, author: MARK, body: answerBody(answer) });
  expect(written.findings).toEqual([{ id: finding.id, author: INES, body: findingBody(finding) }]);
  expect(written.links).toEqual([
    { id: capture.id, sha256: capture.sha256, author: INES, body: linkBody(capture) },
  ]);
  expect(written.submit).toEqual((await stored("submissions"))[0]);
  expect(written.photos).toEqual([{ sha256: capture.sha256, size: file.size, mime: "image/jpeg" }]);
  expect(await sha256(files.get(`photos/${capture.sha256}`) ?? new Uint8Array())).toBe(
    capture.sha256,
  );
});

it("leaves out walkthroughs of which nothing is unsent, and findings of none go into a file of their own", async () => {
  const server = new FakeServer(INES);
  server.install();
  await startInspection(TEMPLATE, SITE, INES);
  await flush(INES.id, new AbortController().signal);
  vi.unstubAllGlobals();
  const draft = {
    site: SITE,
    inspection: null,
    item: null,
    kind: "positive",
    text: "Clean",
    aspect: "a",
    location: null,
  } as const;
  const finding = await saveFinding(draft, INES);
  const target = {
    inspection: null,
    site: SITE,
    item: null,
    finding: finding.id,
    aspect: "a",
    location: null,
    source: "camera",
    author: INES,
  } as const;
  const capture = await keepPhoto(photo(1), target, INES, null);
  const files = await unzip(await exportZip());
  expect([...files.keys()]).toEqual([
    "fieldproof.json",
    "findings.json",
    `photos/${capture.sha256}`,
  ]);
  const loose = json(files, "findings.json");
  expect(loose.findings).toMatchObject([{ id: finding.id, body: { photos: [capture.sha256] } }]);
  expect(loose.links).toMatchObject([{ id: capture.id, sha256: capture.sha256 }]);
});
