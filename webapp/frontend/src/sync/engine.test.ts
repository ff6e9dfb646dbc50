import "fake-indexeddb/auto";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Me } from "../api/types";
import { session, signOut } from "../store/session";
import { FakeServer } from "../test/fake-server";
import { INES, ITEMS, MARK, photo, SITE, TEMPLATE, targetOf } from "../test/fixtures";
import { freshPhone, outbox, storedKeys } from "../test/phone";
import { keepPhoto } from "../work/capture";
import { saveAnswer, startInspection, submitInspection } from "../work/record";
import { inspectionRow } from "../work/rows";
import { startWork } from "../work/store";
import type { Author, Inspection } from "../work/types";
import { retry, startSync, syncNow } from "./engine";
import { nextTry, pause, reloadRows, summary } from "./status";

let server: FakeServer;
let walk: Inspection;
const pass = { value: { choice: "pass" } } as const;
const meOf = (user: Author): Me => ({
  user,
  role: "inspector",
  roles: ["inspector"],
  sites: [{ id: SITE, name: "Dairy", timezone: "UTC" }],
});
const signInAs = (user: Author): void => {
  server.user = user;
  session.value = { status: "signed-in", me: meOf(user), confirmed: true };
};
const until = (what: () => unknown): Promise<void> =>
  vi.waitFor(async () => expect(await what()).toBeTruthy());

beforeAll(async () => {
  await startWork();
  await startSync();
});

beforeEach(async () => {
  session.value = { status: "signed-out", expired: false };
  await freshPhone();
  await reloadRows();
  server = new FakeServer(INES);
  server.install();
  walk = await startInspection(TEMPLATE, SITE, INES);
});
afterEach(async () => {
  session.value = { status: "signed-out", expired: false };
  await syncNow();
  vi.unstubAllGlobals();
});

describe("who is signed in", () => {
  it("sends nothing while nobody is, and everything soon after", async () => {
    await syncNow();
    expect(pause.value).toBe("signed-out");
    expect(server.calls).toEqual([]);
    signInAs(INES);
    await until(async () => (await outbox()).length === 0);
    await until(() => summary.value.state === "server" && summary.value.lastSync !== null);
  });

  it("pauses on 401 without losing a row, and goes on after signing in again", async () => {
    server.user = null;
    session.value = { status: "signed-in", me: meOf(INES), confirmed: true };
    await until(() => session.value.status === "signed-out");
    expect(pause.value).toBe("signed-out");
    await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
    expect(await outbox()).toHaveLength(4);
    expect(await storedKeys("photos")).toHaveLength(1);
    signInAs(INES);
    await until(async () => (await outbox()).length === 0);
  });

  it("lets another person's rows wait, and says whose they are", async () => {
    await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    signInAs(MARK);
    await until(() => pause.value === "other-person");
    expect(summary.value).toMatchObject({
      state: "phone",
      waiting: 2,
      others: [{ author: INES, count: 2 }],
    });
    expect(server.rows.size).toBe(0);
    signInAs(INES);
    await until(async () => (await outbox()).length === 0);
  });

  it("goes by the server's word for it, not by what the page believes", async () => {
    server.user = MARK;
    session.value = { status: "signed-in", me: meOf(INES), confirmed: true };
    await until(() => pause.value === "other-person");
    expect(server.rows.size).toBe(0);
  });

  it("sends nothing while paused, and takes one's own rows for one's own", async () => {
    session.value = { status: "paused", me: meOf(INES), confirmed: false };
    await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    await syncNow();
    expect(server.calls).toEqual([]);
    expect(summary.value).toMatchObject({ waiting: 2, others: [], pause: "signed-out" });
  });

  it("keeps everything when somebody signs out", async () => {
    signInAs(INES);
    server.when("PUT", /./, { status: 503, body: { code: "busy", detail: "" } });
    await until(() => nextTry.value !== null);
    server.when("DELETE", /session/, { status: 204 });
    await signOut();
    expect(await outbox()).toEqual([`inspection:${walk.id}`]);
    expect(await inspectionRow(walk.id)).toBeDefined();
    expect(nextTry.value).toBeNull();
  });
});

describe("when to try", () => {
  it("waits longer after each failure, and a save does not hammer", async () => {
    server.when("GET", /me/, "away");
    signInAs(INES);
    await until(() => nextTry.value !== null);
    expect(pause.value).toBe("offline");
    const calls = server.calls.length;
    await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    await saveAnswer(walk, ITEMS.drain, null, pass, INES);
    expect(server.calls.length).toBe(calls);
  });

  it("tries at once when the browser says that the network is back", async () => {
    server.when("GET", /me/, "away", 1);
    signInAs(INES);
    await until(() => nextTry.value !== null);
    dispatchEvent(new Event("online"));
    await until(async () => (await outbox()).length === 0);
    expect(nextTry.value).toBeNull();
  });

  it("sends soon after each save, without being asked", async () => {
    signInAs(INES);
    await until(async () => (await outbox()).length === 0);
    const answer = await saveAnswer(walk, ITEMS.bund, null, pass, INES);
    await until(async () => (await outbox()).length === 0);
    expect(server.rows.has(answer.id)).toBe(true);
  });

  it("gives refused rows another turn when a person asks", async () => {
    server.when("PUT", /./, { status: 422, body: { code: "invalid", detail: "" } }, 1);
    signInAs(INES);
    await until(() => summary.value.state === "attention");
    await syncNow();
    expect(summary.value.refused).toBe(1);
    await retry();
    expect(await outbox()).toEqual([]);
    expect(summary.value.state).toBe("server");
  });

  it("does not take a guest network's welcome page for a server", async () => {
    for (const welcome of [{ status: 200 }, { status: 200, body: { welcome: true } }]) {
      server.rules = [];
      pause.value = null;
      server.when("GET", /me/, welcome);
      signInAs(INES);
      await syncNow();
      expect(pause.value).toBe("offline");
      expect(server.rows.size).toBe(0);
    }
  });
});

it("asks whether a finished walkthrough has become complete, and frees its photos then", async () => {
  const capture = await keepPhoto(photo(1), targetOf(walk, "view"), INES, null);
  await submitInspection(walk, INES);
  const away = { status: 503, body: { code: "store_unavailable", detail: "" } };
  server.when("POST", /uploads/, away);
  signInAs(INES);
  await until(async () => (await inspectionRow(walk.id))?.server?.state === "submitted");
  expect(summary.value.state).not.toBe("server");
  server.rules = [];
  const told = {
    id: walk.id,
    site: SITE,
    template: { id: TEMPLATE.id, version: 3, title: "" },
    content: TEMPLATE.content,
  };
  const whole = {
    ...told,
    state: "complete",
    missing: [],
    flagged: false,
    revision: 9,
    submitted_at: null,
    submissions: [],
  };
  server.inspections.set(walk.id, { ...whole, answers: [], findings: [], photos: [] });
  await syncNow();
  expect((await inspectionRow(walk.id))?.server?.state).toBe("complete");
  await until(async () => (await storedKeys("photos")).length === 0);
  expect(await storedKeys("receipts")).toEqual([capture.sha256]);
});

it("looks at once what a server lost that was set back, and sends it in the same run", async () => {
  const answer = await saveAnswer(walk, ITEMS.bund, null, pass, INES);
  signInAs(INES);
  await until(async () => summary.value.state === "server" && (await outbox()).length === 0);
  server.rows.delete(answer.id);
  server.when("GET", /sync/, { status: 200, body: { ...server.syncAnswer(), anew: true } }, 1);
  await syncNow();
  expect(server.rows.has(answer.id)).toBe(true);
  expect(summary.value.state).toBe("server");
});
