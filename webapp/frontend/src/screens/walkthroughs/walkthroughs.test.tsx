import "fake-indexeddb/auto";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Me } from "../../api/types";
import { findItem } from "../../lib/template";
import type { Route } from "../../router";
import { returned, returnFromCamera } from "../../store/returned";
import { session } from "../../store/session";
import { rows, startStatus } from "../../sync/status";
import { INES, ITEMS, MARK, photo, SITE, TEMPLATE, targetOf } from "../../test/fixtures";
import { freshPhone, stored } from "../../test/phone";
import { type CaptureTarget, keepPhoto, rememberTarget } from "../../work/capture";
import { write } from "../../work/db";
import { saveAnswer, startInspection } from "../../work/record";
import { answerRows } from "../../work/rows";
import { inspections, startWork } from "../../work/store";
import type { Answer, Author, Finding, Inspection } from "../../work/types";
import Walkthroughs from ".";
import { ItemScreen } from "./item";
import { verdictOf } from "./result";

let root: HTMLElement;
let walk: Inspection;

function signedInAs(role: string, person = INES): void {
  const me: Me = {
    user: person,
    role,
    roles: [role],
    sites: [{ id: SITE, name: "Meadowbrook Dairy", timezone: "Europe/Dublin" }],
  };
  session.value = { status: "signed-in", me, confirmed: true };
}

const show = async (at: Route): Promise<void> => {
  await act(() => render(<Walkthroughs at={at} />, root));
  await act(() => new Promise((done) => setTimeout(done, 20)));
};
const showItem = (item: string): Promise<void> => show({ screen: "item", id: walk.id, item });
const find = (id: string): HTMLElement | null => root.querySelector(`[data-testid="${id}"]`);
const click = (id: string): Promise<void> => act(() => find(id)?.click()) as Promise<void>;
const takePhoto = (file: File, target: CaptureTarget, by: Author): Promise<void> =>
  act(async () => void (await keepPhoto(file, target, by, null))) as Promise<void>;
const current = (): Inspection => inspections.value.get(walk.id) as Inspection;

/** Until the screen shows it: signals redraw in tasks of their own. */
async function shown(check: () => void): Promise<void> {
  await vi.waitFor(
    async () => {
      await act(() => Promise.resolve());
      check();
    },
    { timeout: 3000 },
  );
}

async function type(id: string, text: string): Promise<void> {
  const field = find(id) as HTMLTextAreaElement;
  await act(() => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await act(() => {
    field.dispatchEvent(new Event("blur"));
  });
}

let started = false;

beforeEach(async () => {
  await freshPhone();
  localStorage.clear();
  root = document.body.appendChild(document.createElement("div"));
  signedInAs("inspector");
  if (!started) {
    started = true;
    await startWork();
    await startStatus();
  }
  walk = await startInspection(TEMPLATE, SITE, INES);
});

afterEach(() => {
  render(null, root);
  root.remove();
  returned.value = null;
  vi.unstubAllGlobals();
});

describe("one question", () => {
  it("says that it is saved only when the phone's disk has it", async () => {
    await showItem("bund");
    expect(find("saved")?.textContent).toBe("");
    await click("answer-pass");
    await shown(() => expect(find("saved")?.dataset.state).toBe("saved"));
    expect(find("saved")?.textContent).toMatch(/Saved on this phone \d\d:\d\d/);
    expect(await stored<Answer>("answers")).toMatchObject([{ value: { choice: "pass" } }]);
    const mark = find("saved")?.querySelector("[data-sync]") as HTMLElement;
    expect(mark.dataset).toMatchObject({ sync: "phone", kind: "answer" });
  });

  it("says why it was not saved, and does not show the answer as given", async () => {
    await showItem("bund");
    // Finished a moment ago in another tab.
    await write(["inspections"], async (tx) => {
      await tx.objectStore("inspections").put({ ...walk, state: "submitted" }, walk.id);
    });
    await click("answer-pass");
    await shown(() => expect(find("save-failed")?.textContent).toContain("is finished"));
    expect(find("answer-pass")?.getAttribute("aria-pressed")).toBe("false");
  });

  it("takes a tap back instead of asking whether it was meant", async () => {
    await showItem("bund");
    await click("answer-fail");
    await shown(() => expect(find("undo")).not.toBeNull());
    await click("undo");
    await shown(() => expect(find("saved")?.textContent).toContain("Taken back"));
    expect(find("answer-fail")?.getAttribute("aria-pressed")).toBe("false");
    expect(await answerRows(walk.id)).toHaveLength(2);
  });

  it("asks for the words and the photo that a fail needs, there and then", async () => {
    await showItem("drain");
    expect(find("needed-photo")).toBeNull();
    await click("answer-fail");
    await shown(() => expect(find("needed-photo")).not.toBeNull());
    await type("note", "Leaves on the grate");
    await shown(() => expect(find("note")?.closest(".field-needed")).toBeNull());
    await takePhoto(photo(1), targetOf(walk, "drain"), INES);
    await shown(() => expect(find("needed-photo")).toBeNull());
    expect(root.querySelectorAll("[data-kind=photo]")).toHaveLength(1);
  });

  it("shows two answers side by side, and a new one settles it", async () => {
    const mine = await saveAnswer(walk, ITEMS.bund, null, { value: { choice: "pass" } }, INES);
    const theirs: Answer = {
      ...mine,
      id: "theirs",
      value: { choice: "fail" },
      note: "oil",
      author: MARK,
      deviceId: "another",
      here: false,
    };
    await write(["answers"], async (tx) => {
      await tx.objectStore("answers").put(theirs, theirs.id);
    });
    await showItem("bund");
    await shown(() => expect(find("two-answers")).not.toBeNull());
    expect(find("two-answers")?.textContent).toContain("Two answers were given");
    expect(find("two-answers")?.textContent).toContain("Mark Manager, other phone");
    expect(find("two-answers")?.textContent).toContain("oil");
    await click("answer-na");
    await act(() => root.querySelector<HTMLElement>(".answer-slim")?.click());
    await shown(() => expect(find("two-answers")).toBeNull());
  });

  it("gives an auditor what was answered, and nothing to tap", async () => {
    await saveAnswer(walk, ITEMS.bund, null, { value: { choice: "fail" } }, INES);
    signedInAs("auditor", MARK);
    await showItem("bund");
    await shown(() => expect(root.textContent).toContain("Fail"));
    expect(root.querySelectorAll("main button, .answer, .item-bar")).toHaveLength(0);
    expect(root.textContent).toContain("recording is for inspectors");
  });

  it("leads to the next unanswered question, and at the end to the finish", async () => {
    await showItem("drain");
    expect(find("next")?.getAttribute("href")).toBe(`/walkthroughs/${walk.id}/items/bund`);
    for (const item of [ITEMS.bund, ITEMS.drain])
      await saveAnswer(walk, item, null, { value: { choice: "pass" } }, INES);
    await saveAnswer(walk, ITEMS.ph, null, { value: { number: 7, text: "7" } }, INES);
    await saveAnswer(walk, ITEMS.words, null, { value: { text: "dry" } }, INES);
    await shown(() =>
      expect(find("next")?.getAttribute("href")).toBe(`/walkthroughs/${walk.id}/items/view`),
    );
    await takePhoto(photo(2), targetOf(walk, "view"), INES);
    await shown(() =>
      expect(find("next")?.getAttribute("href")).toBe(`/walkthroughs/${walk.id}/finish`),
    );
  });
});

describe("the overview", () => {
  it("counts by section and says outcomes in words", async () => {
    await saveAnswer(walk, ITEMS.drain, "yard", { value: { choice: "fail" }, note: "x" }, INES);
    await show({ screen: "walkthrough", id: walk.id });
    await shown(() => expect(root.textContent).toContain("1 of 2 · 1 fail"));
    expect(find("item-drain")?.dataset.outcome).toBe("fail");
    expect(find("item-drain")?.textContent).toContain("A photo is missing");
    expect(find("item-bund")?.textContent).toContain("Not answered");
    expect(find("continue")?.getAttribute("href")).toContain("/items/bund");
  });

  it("marks a whole section as not applicable with one reason, checks only", async () => {
    await show({ screen: "walkthrough", id: walk.id });
    await act(() => root.querySelector<HTMLElement>(".section-na")?.click());
    await act(() => root.querySelector<HTMLElement>("dialog .answer-slim")?.click());
    await shown(() => expect(root.querySelector("dialog")).toBeNull());
    const saved = await answerRows(walk.id);
    expect(saved.map(({ item, value, note }) => [item, value, note])).toEqual([
      ["drain", { choice: "na" }, "Not in use today"],
      ["bund", { choice: "na" }, "Not in use today"],
    ]);
    // Nothing but checks in the other section: it has no such button.
    expect(root.querySelectorAll(".section-na")).toHaveLength(0);
  });
});

describe("a finding", () => {
  it("is made by the first words, and not by opening its page", async () => {
    await show({ screen: "finding", id: walk.id, finding: null, item: "drain" });
    expect(await stored<Finding>("findings")).toEqual([]);
    await type("finding-text", "Drum without a lid");
    await shown(() => expect(find("saved")?.dataset.state).toBe("saved"));
    expect(await stored<Finding>("findings")).toMatchObject([
      { text: "Drum without a lid", item: "drain", aspect: "a-water", location: "yard" },
    ]);
    expect(location.pathname).toMatch(/\/findings\/[0-9a-f-]{36}$/);
  });
});

describe("the finish", () => {
  it("lists what is still needed, with a way there, and submits only without it", async () => {
    await saveAnswer(walk, ITEMS.drain, null, { value: { choice: "fail" } }, INES);
    await show({ screen: "finish", id: walk.id });
    await shown(() => expect(find("open-bund")?.textContent).toContain("Not answered"));
    expect(find("open-drain")?.textContent).toContain("A photo is missing");
    expect(find("open-words")).not.toBeNull();
    expect(find("submit")?.hasAttribute("disabled")).toBe(true);
    expect(find("open-bund")?.getAttribute("href")).toBe(`/walkthroughs/${walk.id}/items/bund`);
  });

  it("calls nothing complete before the server said so", () => {
    const done: Inspection = { ...walk, state: "submitted", submittedAt: 1 };
    rows.value = [];
    expect(verdictOf(done).name).toBe("phone");
    const at = (state: "submitted" | "complete", missing: string[]): Inspection => ({
      ...done,
      server: { state, missing, flagged: false },
    });
    expect(verdictOf(at("submitted", ["a", "b"])).title).toBe("2 photos awaited");
    expect(verdictOf(at("complete", [])).name).toBe("complete");
  });
});

describe("after the camera", () => {
  it("goes back to the question when the phone had closed the app", async () => {
    await rememberTarget(targetOf(walk, "drain"));
    await returnFromCamera();
    expect(location.pathname).toBe(`/walkthroughs/${walk.id}/items/drain`);
    await showItem("drain");
    expect(find("returned")?.textContent).toContain("your walkthrough is all here");
    // Told once: the next start is an ordinary one.
    returned.value = null;
    await returnFromCamera();
    expect(returned.value).toBeNull();
  });

  it("says in plain words why a file was not added", async () => {
    const found = findItem(walk.template.content, "bund");
    if (!found) throw new Error("the fixture has no bund");
    await act(() => render(<ItemScreen inspection={current()} found={found} />, root));
    const input = root.querySelector<HTMLInputElement>(".item-bar [data-testid=camera]");
    const files = [new File(["%PDF-1.4"], "plan.pdf", { type: "image/jpeg" }), photo(3)];
    Object.defineProperty(input, "files", { value: files, configurable: true });
    await act(() => {
      input?.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await shown(() => expect(find("camera-error")?.textContent).toContain("plan.pdf is no photo"));
    await shown(() => expect(find("camera-news")?.textContent).toBe("Photo saved on this phone"));
  });
});
