import "fake-indexeddb/auto";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Point } from "../api/types";
import { applyPoints, clearPoints, knownAt } from "../store/points";
import type { AnswerChange } from "../work/record";
import type { Answer, Item, ItemType } from "../work/types";
import { QUESTIONS } from ".";
import { ruleText } from "./number";
import { judgeNumber } from "./number-field";
import { snapshotOf } from "./snapshot";

const TYPES: ItemType[] = ["check", "choice", "number", "text", "photo", "reading"];

const itemOf = (type: ItemType, more: Partial<Item> = {}): Item => ({
  id: "one",
  type,
  question: "Is it so?",
  help: "",
  aspect: null,
  clauses: [],
  required: true,
  photo: "optional",
  note: "optional",
  ...more,
});

const answerOf = (more: Partial<Answer>): Answer =>
  ({ id: "a", value: null, note: "", photos: [], reading: null, replaces: [], ...more }) as Answer;

const POINT = {
  point: "dairy.effluent/ph",
  device: "dairy.effluent",
  device_name: "Effluent monitor",
  metric: "ph",
  label: "pH",
  kind: "gauge",
  precision: 2,
  unit: "pH",
  value: 7.916,
  quality: "good",
  reasons: [],
  observed_at: new Date().toISOString(),
  age_s: 0,
  stale_after_s: 300,
  limits: [{ kind: "high", level: "permit", value: 9 }],
} as unknown as Point;

let root: HTMLElement;
let saved: AnswerChange[];
let keeps: boolean;

async function ask(item: Item, answer: Answer | null = null): Promise<void> {
  const { Input } = QUESTIONS[item.type];
  const save = (change: AnswerChange): Promise<boolean> => {
    saved.push(change);
    return Promise.resolve(keeps);
  };
  const target = (): never => {
    throw new Error("no photo is taken here");
  };
  await act(() =>
    render(
      <Input
        item={item}
        answer={answer}
        save={save}
        target={target}
        gallery={false}
        draft={`t.${item.id}`}
      />,
      root,
    ),
  );
}

const find = (id: string): HTMLElement | null => root.querySelector(`[data-testid="${id}"]`);
const click = (id: string): Promise<void> => act(() => find(id)?.click()) as Promise<void>;
const press = (key: string): Promise<void> =>
  act(() => {
    document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }) as Promise<void>;

async function type(id: string, text: string): Promise<void> {
  const field = find(id) as HTMLInputElement;
  await act(() => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await act(() => {
    field.dispatchEvent(new Event("blur"));
  });
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  saved = [];
  keeps = true;
  localStorage.clear();
});

afterEach(() => {
  render(null, root);
  root.remove();
  clearPoints();
  vi.useRealTimers();
});

it("has a question for each answer type, with its words", () => {
  expect(Object.keys(QUESTIONS).sort()).toEqual([...TYPES].sort());
  for (const name of TYPES) {
    expect(QUESTIONS[name].text(itemOf(name), answerOf({}))).toBe("");
    expect(QUESTIONS[name].keys(itemOf(name))).not.toBe("");
  }
});

describe("a check", () => {
  it("is saved by one tap, and a second tap of a glove changes nothing", async () => {
    await ask(itemOf("check"));
    await click("answer-pass");
    expect(saved).toEqual([{ value: { choice: "pass" } }]);
    await ask(itemOf("check"), answerOf({ value: { choice: "pass" } }));
    await click("answer-pass");
    expect(saved).toHaveLength(1);
    expect(find("answer-pass")?.getAttribute("aria-pressed")).toBe("true");
  });

  it("is not applicable only with a reason", async () => {
    await ask(itemOf("check"));
    await click("answer-na");
    expect(saved).toEqual([]);
    expect(find("na-save")?.hasAttribute("disabled")).toBe(true);
    await type("na-own", "   ");
    expect(find("na-save")?.hasAttribute("disabled")).toBe(true);
    await type("na-own", " Line is being rebuilt ");
    await click("na-save");
    expect(saved).toEqual([{ value: { choice: "na" }, note: "Line is being rebuilt" }]);
  });

  it("keeps asking for the reason when it could not be saved", async () => {
    keeps = false;
    await ask(itemOf("check"));
    await click("answer-na");
    await act(() => root.querySelector<HTMLElement>(".answer-slim")?.click());
    expect(saved).toEqual([{ value: { choice: "na" }, note: "Not in use today" }]);
    expect(find("na-reason")).not.toBeNull();
  });

  it("drops the reason when it applies after all", async () => {
    await ask(itemOf("check"), answerOf({ value: { choice: "na" }, note: "Not in use" }));
    await click("answer-fail");
    expect(saved).toEqual([{ value: { choice: "fail" }, note: "" }]);
  });

  it("is answered by keys, but not while somebody writes", async () => {
    await ask(itemOf("check"));
    await press("f");
    await press("1");
    expect(saved).toEqual([{ value: { choice: "fail" } }, { value: { choice: "pass" } }]);
    await press("n");
    const own = find("na-own");
    await act(() => {
      own?.dispatchEvent(new KeyboardEvent("keydown", { key: "p", bubbles: true }));
    });
    expect(saved).toHaveLength(2);
  });
});

describe("a choice", () => {
  const options = [
    { id: "dry", label: "Dry", outcome: "pass" as const },
    { id: "wet", label: "Wet", outcome: "fail" as const },
    { id: "icy", label: "Icy", outcome: "neutral" as const },
  ];

  it("takes one option, or several in the template's order", async () => {
    await ask(itemOf("choice", { options }), answerOf({ value: { options: ["dry"] } }));
    await click("option-wet");
    expect(saved).toEqual([{ value: { options: ["wet"] } }]);
    const several = itemOf("choice", { options, multiple: true });
    await ask(several, answerOf({ value: { options: ["icy"] } }));
    await click("option-dry");
    expect(saved[1]).toEqual({ value: { options: ["dry", "icy"] } });
    await click("option-icy");
    expect(saved[2]).toEqual({ value: null });
    expect(QUESTIONS.choice.text(several, answerOf({ value: { options: ["icy", "dry"] } }))).toBe(
      "Dry, Icy",
    );
  });
});

describe("a number", () => {
  const level = itemOf("number", { unit: "%", precision: 1, high: 85, min: 0, max: 100 });

  it("is saved as it was typed and as it is read", async () => {
    await ask(level);
    expect(root.textContent).toContain("Expected: at most 85");
    await type("answer-number", "7,1");
    expect(saved).toEqual([{ value: { number: 7.1, text: "7,1" } }]);
    expect(root.textContent).toContain("Read as 7.1");
  });

  it("is refused as a slip outside what is possible, and stays in the field", async () => {
    await ask(level);
    await type("answer-number", "710");
    expect(saved).toEqual([]);
    expect(root.textContent).toContain("Not saved: above 100");
    expect((find("answer-number") as HTMLInputElement).value).toBe("710");
  });

  it("is refused where it could mean a thousand times more", () => {
    const judged = judgeNumber("1,234", { min: null, max: null });
    expect(judged.ok || judged.why).toContain("1234 or as 1.2340");
  });

  it("is found again after the page was killed before it was saved", async () => {
    vi.useFakeTimers();
    await ask(level);
    const field = find("answer-number") as HTMLInputElement;
    await act(() => {
      field.value = "42";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    expect(saved).toEqual([]);
    // A killed page runs no clean-up: what was written through is all that is left of it.
    const left = { ...localStorage };
    await act(() => render(null, root));
    saved = [];
    Object.assign(localStorage, left);
    await ask(level);
    expect(saved).toEqual([{ value: { number: 42, text: "42" } }]);
  });

  it("tells its rule in words", () => {
    expect(ruleText(itemOf("number", { unit: "°C", low: 120, high: 230 }))).toMatch(
      /Expected: 120 to 230/,
    );
    expect(ruleText(itemOf("number"))).toBe("");
  });
});

describe("a reading", () => {
  const item = itemOf("reading", { point: POINT.point });

  it("is taken from the sensor with what was seen of it", async () => {
    applyPoints([POINT]);
    knownAt.value = Date.now();
    await ask(item);
    await click("take-reading");
    expect(saved[0]).toMatchObject({
      value: { source: "sensor" },
      reading: { point: POINT.point, value: 7.916, quality: "good", freshness: "live" },
    });
  });

  it("cannot be taken where the sensor has no value, but typed from a handheld meter", async () => {
    applyPoints([{ ...POINT, value: null }]);
    knownAt.value = Date.now();
    await ask(item);
    expect(find("take-reading")?.hasAttribute("disabled")).toBe(true);
    await type("handheld-instrument", "WTW 3310");
    await type("handheld-number", "7,2");
    expect(saved).toEqual([
      {
        value: { source: "handheld", number: 7.2, text: "7,2", instrument: "WTW 3310" },
        reading: null,
      },
    ]);
  });

  it("shows the handheld meter's value beside the sensor's", async () => {
    const reading = snapshotOf(POINT, Date.now(), false);
    const value = { source: "handheld", number: 7.2, text: "7,2", instrument: "" } as const;
    applyPoints([POINT]);
    await ask(item, answerOf({ value, reading }));
    expect(find("recorded-reading")?.textContent).toContain("7.92");
    expect(find("recorded-reading")?.textContent).toContain("−0.72");
    expect(reading?.freshness).toBe("cached");
    expect(QUESTIONS.reading.text(item, answerOf({ value, reading }))).toBe(
      "7,2 by handheld meter; sensor 7.92",
    );
  });
});
