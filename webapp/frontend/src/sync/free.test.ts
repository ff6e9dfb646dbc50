import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeServer } from "../test/fake-server";
import { INES, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, storedKeys } from "../test/phone";
import { keepPhoto } from "../work/capture";
import { write } from "../work/db";
import { enqueue } from "../work/queue";
import { startInspection, submitInspection } from "../work/record";
import { inspectionRow } from "../work/rows";
import type { Capture, Inspection, Receipt } from "../work/types";
import { flush } from "./flush";
import { freePhotos } from "./free";

let server: FakeServer;
let walk: Inspection;
let capture: Capture;
const send = () => flush(INES.id, new AbortController().signal);
const held = (): Promise<string[]> => storedKeys("photos");
const shoot = (seed: number, of: Inspection): Promise<Capture> =>
  keepPhoto(photo(seed), targetOf(of, "view"), INES, null);

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
  walk = await startInspection(TEMPLATE, SITE, INES);
  capture = await shoot(1, walk);
});
afterEach(() => vi.unstubAllGlobals());

it("keeps a photo whose walkthrough is not complete, whatever the receipt says", async () => {
  await send();
  expect(await storedKeys("receipts")).toEqual([capture.sha256]);
  expect(await freePhotos()).toBe(0);
  expect(await held()).toEqual([capture.sha256]);
});

it("frees a photo with its receipt once the server calls the walkthrough complete, and keeps its small picture", async () => {
  await write(
    ["thumbs"],
    async (tx) => void (await tx.objectStore("thumbs").put(new ArrayBuffer(1), capture.sha256)),
  );
  await submitInspection(walk, INES);
  expect(await freePhotos()).toBe(0);
  await send();
  expect((await inspectionRow(walk.id))?.server?.state).toBe("complete");
  expect(await freePhotos()).toBe(1);
  expect(await held()).toEqual([]);
  expect(await storedKeys("thumbs")).toEqual([capture.sha256]);
});

it("keeps a photo that is evidence for another walkthrough too, until that one is complete", async () => {
  const other = await startInspection(TEMPLATE, SITE, INES);
  await shoot(1, other);
  await submitInspection(walk, INES);
  await send();
  expect(await freePhotos()).toBe(0);
  await submitInspection(other, INES);
  await send();
  expect(await freePhotos()).toBe(1);
});

it("keeps a photo whose receipt is about something else, or that is queued again", async () => {
  await submitInspection(walk, INES);
  await send();
  const change = (more: Partial<Receipt>) =>
    write(["receipts"], async (tx) => {
      const receipt = await tx.objectStore("receipts").get(capture.sha256);
      if (receipt) await tx.objectStore("receipts").put({ ...receipt, ...more }, capture.sha256);
    });
  await change({ size: capture.size + 1 });
  expect(await freePhotos()).toBe(0);
  await change({ size: capture.size, sha256: "00" });
  expect(await freePhotos()).toBe(0);
  await change({ sha256: capture.sha256 });
  const row = { kind: "photo", ref: capture.sha256, inspection: walk.id, author: INES } as const;
  await write(["outbox", "meta"], async (tx) => void (await enqueue(tx, row)));
  expect(await freePhotos()).toBe(0);
  await send();
  expect(await freePhotos()).toBe(1);
});
