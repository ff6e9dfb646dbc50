import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../test/fake-server";
import { INES, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, stored, storedKeys } from "../test/phone";
import { keepPhoto } from "../work/capture";
import { write } from "../work/db";
import { startInspection } from "../work/record";
import type { Capture, OutboxRow } from "../work/types";
import { LEAST } from "./pace";
import { pace, sendPhoto } from "./upload";

let server: FakeServer;
let capture: Capture;
const SIZE = 5 * LEAST;
const key = (): string => `photo:${capture.sha256}`;
const waits = async (): Promise<boolean> => (await storedKeys("outbox")).includes(key());

async function send(signal = new AbortController().signal): Promise<void> {
  const row = (await stored<OutboxRow>("outbox")).find((one) => one.key === key());
  if (row) await sendPhoto(row, signal);
}

const patches = () => server.calls.filter(({ method }) => method === "PATCH");
const offsets = (): number[] =>
  patches().map(({ headers }) => Number(headers.get("Upload-Offset")));

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
  pace.bytes = LEAST;
  // The line of a test is fast; the size of the chunks must stay what the test says.
  vi.spyOn(pace, "went").mockImplementation(() => undefined);
  const walk = await startInspection(TEMPLATE, SITE, INES);
  const here = { lat: 52.1, lon: -7.2, accuracy: 8, at: 0 };
  capture = await keepPhoto(photo(1, SIZE), targetOf(walk, "view"), INES, here);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a photo", () => {
  it("goes in chunks with checksums, and is out of the outbox only with its receipt", async () => {
    await send();
    expect(offsets()).toEqual([0, 1, 2, 3, 4].map((n) => n * LEAST));
    expect(patches()[0]?.headers.get("Upload-Checksum")).toMatch(/^sha256 [A-Za-z0-9+/]{43}=$/);
    const created = server.calls.find(({ method }) => method === "POST");
    expect(created?.headers.get("Upload-Length")).toBe(String(SIZE));
    expect(created?.headers.get("Upload-Metadata")).toMatch(
      /sha256 \S+,mime \S+,captured_at \S+,lat \S+,lon \S+,accuracy \S+,inspection \S+$/,
    );
    expect(await waits()).toBe(false);
    expect(await storedKeys("receipts")).toEqual([capture.sha256]);
    expect(await storedKeys("meta")).not.toContain(`upload:${capture.sha256}`);
  });

  it("is not sent again when the server has it already", async () => {
    server.photos.set(capture.sha256, new Uint8Array(SIZE));
    await send();
    expect(patches()).toEqual([]);
    expect(await waits()).toBe(false);
  });

  it("goes on after a cut where the server stands, not where we believe it stands", async () => {
    server.when("PATCH", /./, "lost", 1);
    await send();
    expect(offsets()).toEqual([0, 1, 2, 3, 4].map((n) => n * LEAST));
    expect(await waits()).toBe(false);
  });

  it("goes on after a kill with the upload that was begun", async () => {
    let left = 2;
    const page = new AbortController();
    server.rules.push((call) => {
      if (call.method !== "PATCH") return undefined;
      left -= 1;
      if (left < 0) page.abort();
      return left < 0 ? "away" : undefined;
    });
    await expect(send(page.signal)).rejects.toThrow();
    expect(await waits()).toBe(true);
    server.rules = [];
    server.calls = [];
    await send();
    expect(server.paths("POST")).toEqual([]);
    expect(offsets()).toEqual([2, 3, 4].map((n) => n * LEAST));
    expect(await waits()).toBe(false);
  });

  it("begins anew when the server gave the upload up", async () => {
    server.when("PATCH", /./, "away");
    await expect(send()).rejects.toThrow();
    server.rules = [];
    server.parts.clear();
    await send();
    expect(server.paths("POST")).toHaveLength(2);
    expect(await waits()).toBe(false);
  });

  it("keeps its place when somebody else signed in in the middle, and goes on for its author", async () => {
    const no = { status: 403, body: { code: "other_author", detail: "" } };
    let chunks = 0;
    server.rules.push(({ method }) => {
      if (method === "PATCH") chunks += 1;
      return method === "PATCH" && chunks === 3 ? no : undefined;
    });
    await expect(send()).rejects.toMatchObject({ code: "other_author" });
    await send();
    expect(server.paths("POST")).toHaveLength(1);
    expect(offsets()).toEqual([0, 1, 2, 2, 3, 4].map((n) => n * LEAST));
    expect(await waits()).toBe(false);
  });

  it("sends a chunk again that was damaged on the way, and waits out a lock", async () => {
    const no = (status: number, code: string) => ({ status, body: { code, detail: "" } });
    server.when("PATCH", /./, no(460, "checksum_mismatch"), 1);
    server.when("PATCH", /./, no(409, "wrong_offset"), 1);
    await send();
    expect(offsets().slice(0, 3)).toEqual([0, 0, 0]);
    expect(await waits()).toBe(false);
  });

  it("is not tried for ever against a server that takes nothing", async () => {
    server.when("PATCH", /./, { status: 460, body: { code: "checksum_mismatch", detail: "" } });
    await expect(send()).rejects.toMatchObject({ name: "Later" });
    expect(patches().length).toBeLessThan(10);
    expect(await waits()).toBe(true);
  });

  it("halves its chunks and more when the line breaks", async () => {
    pace.bytes = 4 * LEAST;
    server.when("PATCH", /./, "away", 1);
    await send();
    expect(offsets()).toEqual([0, 0, 1, 2, 3, 4].map((n) => n * LEAST));
  });

  it("that was damaged on this phone is said to be so, and is not sent for ever", async () => {
    await write(["photos"], async (tx) => {
      await tx.objectStore("photos").put(new ArrayBuffer(SIZE), capture.sha256);
    });
    await expect(send()).rejects.toMatchObject({ code: "photo_damaged" });
    expect(server.photos.size).toBe(0);
    expect(await waits()).toBe(true);
  });

  it("that is refused by its content is refused", async () => {
    server.when("POST", /uploads/, {
      status: 413,
      body: { code: "too_large", detail: "too large" },
    });
    await expect(send()).rejects.toMatchObject({ status: 413 });
    expect(await waits()).toBe(true);
  });
});

describe("a receipt", () => {
  const receipt = (more: object) => ({
    status: 200,
    body: {
      sha256: capture.sha256,
      size: SIZE,
      verified: true,
      received_at: "",
      audit_head: "",
      signature: "",
      ...more,
    },
  });

  it("is believed only when it names the same hash and size", async () => {
    for (const wrong of [{ sha256: "00".repeat(32) }, { size: SIZE - 1 }, { verified: false }]) {
      server.rules = [];
      server.when("GET", /receipt/, receipt(wrong));
      await expect(send()).rejects.toMatchObject({ name: "Mismatch" });
      expect(await waits()).toBe(true);
      expect(await storedKeys("receipts")).toEqual([]);
    }
  });

  it("that does not come leaves the photo where it is", async () => {
    server.when("GET", /receipt/, { status: 404, body: { code: "not_found", detail: "" } });
    await expect(send()).rejects.toMatchObject({ name: "Later" });
    expect(await waits()).toBe(true);
  });

  it("is not what a guest network answers", async () => {
    server.when("HEAD", /photos/, { status: 200 });
    server.when("GET", /receipt/, { status: 200 });
    await expect(send()).rejects.toMatchObject({ name: "Unreachable" });
    expect(await waits()).toBe(true);
  });
});
