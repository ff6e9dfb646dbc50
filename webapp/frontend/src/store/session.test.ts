import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../test/fake-server";
import { INES, ITEMS, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, outbox, stored, storedKeys } from "../test/phone";
import { keepPhoto } from "../work/capture";
import { write } from "../work/db";
import { saveAnswer, startInspection } from "../work/record";
import type { Inspection } from "../work/types";
import {
  carryOn,
  leavePaused,
  mayAct,
  mayRecord,
  me,
  resume,
  session,
  signOut,
  site,
  siteId,
  unsentOf,
  zone,
} from "./session";

let server: FakeServer;
let walk: Inspection;
const SITES = [{ id: SITE, name: "Meadowbrook Dairy", timezone: "Europe/Dublin" }];
const pass = { value: { choice: "pass" } } as const;

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
  const body = { user: INES, role: "manager", roles: ["inspector", "manager"], sites: SITES };
  server.when("GET", /me/, { status: 200, body }, 1);
  server.when("DELETE", /session/, { status: 204 });
  await resume();
  walk = await startInspection(TEMPLATE, SITE, INES);
  await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
  await write(
    ["reference"],
    async (tx) => void (await tx.objectStore("reference").put({}, "u:dairy")),
  );
  await vi.waitFor(async () => expect(await storedKeys("meta")).toContain(`person:${INES.id}`));
});
afterEach(() => vi.unstubAllGlobals());

const everything = async (): Promise<number[]> => {
  const stores = ["inspections", "answers", "captures", "photos", "outbox"] as const;
  return Promise.all(stores.map(async (store) => (await stored(store)).length));
};

describe("the end of a session", () => {
  it("takes what the server lent, and nothing that was recorded here", async () => {
    const before = await everything();
    await signOut();
    expect(await stored("reference")).toEqual([]);
    expect(await everything()).toEqual(before);
    expect(await unsentOf(INES.id)).toBe(4);
    expect(await unsentOf("somebody")).toBe(0);
  });

  it("that the server declared does the same", async () => {
    const before = await everything();
    server.user = null;
    await resume();
    expect(session.value).toMatchObject({ status: "signed-out" });
    expect(await stored("reference")).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it("leaves no trace of people who have nothing here", async () => {
    await write(
      ["meta"],
      async (tx) => void (await tx.objectStore("meta").put({}, "person:u-gone")),
    );
    await signOut();
    const people = (await storedKeys("meta")).filter((key) => key.startsWith("person:"));
    expect(people).toEqual([`person:${INES.id}`]);
  });
});

describe("carrying on without a session", () => {
  it("records under the person's name, and nothing else may be done", async () => {
    await signOut();
    expect(mayRecord.value).toBe(false);
    await carryOn(INES);
    expect(session.value.status).toBe("paused");
    expect(me.value?.user).toEqual(INES);
    expect([site.value?.name, zone.value, siteId.value]).toEqual([
      "Meadowbrook Dairy",
      "Europe/Dublin",
      null,
    ]);
    expect([mayRecord.value, mayAct.value]).toEqual([true, false]);
    const answer = await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    expect(await outbox()).toContain(`answer:${answer.id}`);
    leavePaused();
    expect(session.value).toEqual({ status: "signed-out", expired: false });
  });

  it("works for a draft whose person is not known any more", async () => {
    await write(["meta"], (tx) => tx.objectStore("meta").delete(`person:${INES.id}`));
    await carryOn(INES);
    expect(site.value?.id).toBe(SITE);
  });
});
