import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { INES, ITEMS, MARK, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, outbox, stored, storedKeys } from "../test/phone";
import { clearTarget, keepPhoto, pendingTarget, rememberTarget } from "./capture";
import { write } from "./db";
import { sha256 } from "./hash";
import { heads } from "./outcome";
import { saveAnswer, saveFinding, startInspection, submitInspection } from "./record";
import { answerRows } from "./rows";
import { mimeOf } from "./sniff";
import type { Answer, Capture, Finding, Inspection } from "./types";

let walk: Inspection;
const HERE = { lat: 52.1, lon: -7.2, accuracy: 8, at: 1_800_000_000_000 };

beforeEach(async () => {
  await freshPhone();
  walk = await startInspection(TEMPLATE, SITE, INES);
});
afterEach(() => vi.restoreAllMocks());

const foam = ({ id }: Inspection) =>
  ({
    ...{ site: SITE, inspection: id, item: null, kind: "minor" as const, text: "Foam" },
    ...{ aspect: null, location: null },
  }) as const;

const head = async (of: string): Promise<Answer | undefined> =>
  heads(await answerRows(walk.id), of).at(-1);

describe("keepPhoto", () => {
  it("has bytes, capture, answer and rows on the disk as soon as it resolves", async () => {
    const file = photo(1);
    const capture = await keepPhoto(file, targetOf(walk, "view"), INES, HERE);
    const name = await sha256(await file.arrayBuffer());
    expect(capture).toMatchObject({
      sha256: name,
      size: file.size,
      mime: "image/jpeg",
      position: HERE,
    });
    const [bytes] = await stored<ArrayBuffer>("photos");
    expect(await sha256(bytes ?? new ArrayBuffer(0))).toBe(name);
    const answer = await head("view");
    expect(answer).toMatchObject({ value: { photos: 1 }, photos: [name], location: "yard" });
    expect(capture.answer).toBe(answer?.id);
    const rows = [`answer:${answer?.id}`, `link:${capture.id}`, `photo:${name}`];
    expect((await outbox()).slice(1)).toEqual(rows);
  });

  it("keeps what was answered before, and adds photos to one another", async () => {
    const fail = { value: { choice: "fail" }, note: "leaves" } as const;
    const first = await saveAnswer(walk, ITEMS.drain, "yard", fail, INES);
    const shots = [photo(1), photo(2), photo(3)];
    const kept = await Promise.all(
      shots.map((one) => keepPhoto(one, targetOf(walk, "drain"), INES, null)),
    );
    const answer = await head("drain");
    expect(answer).toMatchObject({ value: fail.value, note: "leaves", aspect: "a-water" });
    expect(answer?.photos).toEqual(kept.map((one) => one.sha256));
    expect(heads(await answerRows(walk.id), "drain")).toHaveLength(1);
    expect(kept[0]?.answer).not.toBe(first.id);
  });

  it("keeps the bytes of the same photo once, and both captures", async () => {
    const one = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    const two = await keepPhoto(photo(1), targetOf(walk, "drain"), INES, null);
    expect(two.sha256).toBe(one.sha256);
    expect(await storedKeys("photos")).toEqual([one.sha256]);
    expect(await stored<Capture>("captures")).toHaveLength(2);
    expect((await outbox()).filter((key) => key.startsWith("photo:"))).toHaveLength(1);
    await keepPhoto(photo(1), targetOf(walk, "drain"), MARK, null);
    expect(await outbox()).toContain(`photo:${one.sha256}:${MARK.id}`);
  });

  it("puts a photo of a finding into the finding", async () => {
    const draft = {
      site: SITE,
      inspection: walk.id,
      item: null,
      kind: "minor",
      text: "",
      aspect: null,
      location: null,
    } as const;
    const finding = await saveFinding(draft, INES);
    const target = targetOf(walk, "drain", { finding: finding.id });
    const capture = await keepPhoto(photo(1), target, INES, null);
    const [changed] = await stored<Finding>("findings");
    expect(changed?.photos).toEqual([capture.sha256]);
    expect(changed?.sha256).not.toBe(finding.sha256);
    expect(await stored("answers")).toEqual([]);
  });

  it("keeps a photo that comes after the walkthrough was finished, beside what was submitted", async () => {
    await submitInspection(walk, INES);
    const capture = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    expect(capture.answer).toBeNull();
    expect(await stored("answers")).toEqual([]);
    expect(await outbox()).toContain(`photo:${capture.sha256}`);
  });

  it("goes by what the file is, not by what it says of itself", async () => {
    const target = targetOf(walk, "view");
    const lie = new File(["<svg xmlns='http://www.w3.org/2000/svg'/>"], "a.jpg", {
      type: "image/jpeg",
    });
    await expect(keepPhoto(lie, target, INES, null)).rejects.toMatchObject({ code: "not_a_photo" });
    await expect(keepPhoto(new File([], "a.jpg"), target, INES, null)).rejects.toMatchObject({
      code: "unreadable",
    });
    const large = photo(1);
    Object.defineProperty(large, "size", { value: (64 << 20) + 1 });
    await expect(keepPhoto(large, target, INES, null)).rejects.toMatchObject({ code: "too_large" });
    const gone = photo(1);
    gone.arrayBuffer = () => Promise.reject(new DOMException("gone", "NotReadableError"));
    await expect(keepPhoto(gone, target, INES, null)).rejects.toMatchObject({ code: "unreadable" });
    expect(await outbox()).toEqual([`inspection:${walk.id}`]);
    expect(await stored("captures")).toEqual([]);
  });

  it("keeps nothing of a photo for which there is no space", async () => {
    const real = IDBObjectStore.prototype.add;
    vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (
      this: IDBObjectStore,
      ...row
    ) {
      if (this.name === "photos") throw new DOMException("full", "QuotaExceededError");
      return real.apply(this, row as [unknown]);
    });
    const kept = keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    await expect(kept).rejects.toMatchObject({ code: "no_space" });
    expect(await stored("captures")).toEqual([]);
    expect(await stored("answers")).toEqual([]);
    expect(await outbox()).toEqual([`inspection:${walk.id}`]);
  });

  it("refuses on an address where nothing can be hashed", async () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const kept = keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    await expect(kept).rejects.toMatchObject({ code: "insecure" });
    vi.unstubAllGlobals();
  });
});

describe("reading back", () => {
  /** Reads of the photo store give other bytes, as a failing disk does. */
  function damageReads(times: number): void {
    let left = times;
    const real = IDBObjectStore.prototype.get;
    vi.spyOn(IDBObjectStore.prototype, "get").mockImplementation(function (
      this: IDBObjectStore,
      key,
    ) {
      if (this.name !== "photos" || left <= 0) return real.call(this, key);
      left -= 1;
      return real.call(this, "none");
    });
  }

  it("writes the bytes anew when what was read is not what was taken", async () => {
    damageReads(1);
    const capture = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    expect(await storedKeys("photos")).toEqual([capture.sha256]);
  });

  it("takes the photo out of the record and says so when it cannot be kept", async () => {
    damageReads(9);
    const kept = keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    await expect(kept).rejects.toMatchObject({ code: "not_kept" });
    vi.restoreAllMocks();
    expect(await stored("captures")).toEqual([]);
    expect(await stored("photos")).toEqual([]);
    expect(await head("view")).toBeUndefined();
    expect(await outbox()).toEqual([`inspection:${walk.id}`]);
  });

  it("takes it out of a finding too, which stays as it was", async () => {
    const before = await saveFinding(foam(walk), INES);
    damageReads(9);
    const target = targetOf(walk, "view", { finding: before.id });
    const kept = keepPhoto(photo(1), target, INES, null);
    await expect(kept).rejects.toMatchObject({ code: "not_kept" });
    vi.restoreAllMocks();
    expect(await stored("captures")).toEqual([]);
    expect(await stored("findings")).toEqual([before]);
    expect(await outbox()).toEqual([`inspection:${walk.id}`, `finding:${before.id}`]);
  });
});

it("puts no more photos into a finding than the server takes, and keeps the others beside it", async () => {
  const { id } = await saveFinding(foam(walk), INES);
  await write(["findings"], async (tx) => {
    const finding = await tx.objectStore("findings").get(id);
    const photos = Array.from({ length: 200 }, (_, at) => at.toString(16).padStart(64, "0"));
    if (finding) await tx.objectStore("findings").put({ ...finding, photos }, id);
  });
  await keepPhoto(photo(1), targetOf(walk, "view", { finding: id }), INES, null);
  expect((await stored<Finding>("findings"))[0]?.photos).toHaveLength(200);
  expect(await stored("captures")).toMatchObject([{ finding: id }]);
});

it("knows after a kill what the camera was opened for", async () => {
  const target = targetOf(walk, "view");
  expect(await pendingTarget()).toBeNull();
  await rememberTarget(target);
  expect(await pendingTarget()).toEqual(target);
  await clearTarget();
  expect(await pendingTarget()).toBeNull();
});

it("tells photos by their first bytes, as the server does", () => {
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
  const heif = (...brands: string[]): Uint8Array =>
    bytes(
      `\0\0\0${String.fromCharCode(8 + 4 + 4 * brands.length)}ftyp${brands[0]}\0\0\0\0${brands.slice(1).join("")}`,
    );
  expect(mimeOf(bytes("\xff\xd8\xff\xe1"))).toBe("image/jpeg");
  expect(mimeOf(bytes("\x89PNG\r\n\x1a\n...."))).toBe("image/png");
  expect(mimeOf(bytes("RIFF....WEBPVP8X"))).toBe("image/webp");
  expect(mimeOf(bytes("RIFF....WEBPVP9 "))).toBeNull();
  expect(mimeOf(heif("heic"))).toBe("image/heic");
  expect(mimeOf(heif("mif1", "mif1", "heic"))).toBe("image/heif");
  expect(mimeOf(heif("mif1", "avif"))).toBeNull();
  expect(mimeOf(heif("avif"))).toBeNull();
  for (const other of ["", "GIF89a", "<svg", "%PDF", "....ftyp"])
    expect(mimeOf(bytes(other))).toBeNull();
});
