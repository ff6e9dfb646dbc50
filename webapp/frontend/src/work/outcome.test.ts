import { describe, expect, it } from "vitest";
import { ITEMS, item, READING, TEMPLATE } from "../test/fixtures";
import { heads, isWhole, nextUnanswered, outcomeOf, progressOf } from "./outcome";
import type { Answer, Inspection, Item, Value } from "./types";

let made = 0;
const answer = (to: Item, value: Value | null, more: Partial<Answer> = {}): Answer => {
  made += 1;
  const content = { note: "", photos: [], reading: null, replaces: [], answeredAt: made };
  return { id: `a${made}`, item: to.id, value, ...content, ...more } as unknown as Answer;
};
const outcome = (to: Item, value: Value | null, more: Partial<Answer> = {}): string =>
  outcomeOf(to, [answer(to, value, more)]);

describe("outcomeOf", () => {
  it("never takes an empty answer for a pass", () => {
    for (const type of ["check", "choice", "number", "text", "photo", "reading"] as const) {
      expect(outcomeOf(item("x", type), [])).toBe("unanswered");
      expect(outcome(item("x", type), null)).toBe("unanswered");
    }
  });

  it("says of a check what was chosen", () => {
    expect(outcome(ITEMS.drain, { choice: "pass" })).toBe("pass");
    expect(outcome(ITEMS.drain, { choice: "fail" })).toBe("fail");
    expect(outcome(ITEMS.drain, { choice: "na" })).toBe("na");
  });

  it("takes the worst of several options", () => {
    const options = [
      { id: "ok", label: "", outcome: "pass" as const },
      { id: "so", label: "", outcome: "neutral" as const },
      { id: "bad", label: "", outcome: "fail" as const },
    ];
    const choice = item("x", "choice", { options, multiple: true });
    expect(outcome(choice, { options: ["ok", "bad"] })).toBe("fail");
    expect(outcome(choice, { options: ["ok", "so"] })).toBe("pass");
    expect(outcome(choice, { options: ["so"] })).toBe("neutral");
    expect(outcome(choice, { options: [] })).toBe("unanswered");
  });

  it("judges a number by the bounds that the template gives, edges included", () => {
    expect(outcome(ITEMS.ph, { number: 9, text: "9" })).toBe("pass");
    expect(outcome(ITEMS.ph, { number: 9.01, text: "9,01" })).toBe("fail");
    expect(outcome(ITEMS.ph, { number: 5.9, text: "5.9" })).toBe("fail");
    expect(outcome(item("x", "number"), { number: 5, text: "5" })).toBe("neutral");
    expect(outcome(item("x", "number", { low: 0 }), { number: -1, text: "-1" })).toBe("fail");
  });

  it("is neutral about words and photos, once there are enough", () => {
    expect(outcome(ITEMS.words, { text: "foam" })).toBe("neutral");
    expect(outcome(ITEMS.words, { text: "  " })).toBe("unanswered");
    const two = item("x", "photo", { min: 2 });
    expect(outcome(two, { photos: 1 }, { photos: ["a"] })).toBe("unanswered");
    expect(outcome(two, { photos: 2 }, { photos: ["a", "b"] })).toBe("neutral");
  });

  it("judges a reading by the point's limits, and a handheld value before the sensor's", () => {
    const ph = item("x", "reading", { point: READING.point });
    const sensor: Value = { source: "sensor" };
    const high = { ...READING, value: 9.3 };
    expect(outcome(ph, sensor, { reading: READING })).toBe("pass");
    expect(outcome(ph, sensor, { reading: high })).toBe("fail");
    expect(outcome(ph, sensor, { reading: { ...high, quality: "bad" } })).toBe("neutral");
    expect(outcome(ph, sensor, { reading: { ...READING, value: null } })).toBe("unanswered");
    expect(outcome(ph, sensor, { reading: { ...READING, limits: [] } })).toBe("neutral");
    const handheld: Value = { source: "handheld", number: 9.2, text: "9,2", instrument: "" };
    expect(outcome(ph, handheld, { reading: READING })).toBe("fail");
    expect(outcome(ph, handheld, { reading: { ...READING, quality: "bad" } })).toBe("fail");
    expect(outcome(ph, handheld)).toBe("neutral");
  });

  it("counts the worse of two opinions", () => {
    const both = [answer(ITEMS.bund, { choice: "pass" }), answer(ITEMS.bund, { choice: "fail" })];
    expect(outcomeOf(ITEMS.bund, both)).toBe("fail");
  });
});

describe("heads", () => {
  it("are the versions that no other one replaces: two, where two devices answered", () => {
    const first = answer(ITEMS.bund, { choice: "pass" });
    const mine = answer(ITEMS.bund, { choice: "fail" }, { replaces: [first.id] });
    const theirs = answer(ITEMS.bund, { choice: "na" }, { replaces: [first.id] });
    expect(heads([theirs, mine, first], "bund").map((head) => head.id)).toEqual([
      mine.id,
      theirs.id,
    ]);
    const joined = answer(ITEMS.bund, null, { replaces: [mine.id, theirs.id] });
    expect(heads([theirs, joined, mine, first], "bund")).toEqual([joined]);
    expect(heads([first], "drain")).toEqual([]);
  });
});

describe("isWhole", () => {
  it("names what an answer lacks", () => {
    const failed = { choice: "fail" } as const;
    expect(isWhole(ITEMS.drain, answer(ITEMS.drain, failed))).toBe("photo");
    expect(isWhole(ITEMS.drain, answer(ITEMS.drain, failed, { photos: ["a"] }))).toBe("note");
    const whole = { photos: ["a"], note: "blocked" };
    expect(isWhole(ITEMS.drain, answer(ITEMS.drain, failed, whole))).toBeNull();
    expect(isWhole(ITEMS.drain, answer(ITEMS.drain, { choice: "na" }))).toBe("reason");
    expect(isWhole(ITEMS.drain, answer(ITEMS.drain, { choice: "pass" }))).toBeNull();
    const always = item("x", "check", { photo: "required" });
    expect(isWhole(always, answer(always, { choice: "pass" }))).toBe("photo");
    expect(isWhole(always, null)).toBeNull();
  });
});

describe("progress", () => {
  const inspection = { template: TEMPLATE } as Inspection;

  it("counts what is answered, and lists what keeps the walkthrough from being finished", () => {
    const answers = [
      answer(ITEMS.drain, { choice: "fail" }),
      answer(ITEMS.bund, { choice: "na" }, { note: "no bund here" }),
      answer(ITEMS.ph, null),
    ];
    const progress = progressOf(inspection, answers);
    expect(progress).toMatchObject({ items: 5, answered: 2, fail: 1, na: 1 });
    expect(progress.required_missing.map((one) => one.id)).toEqual(["drain", "ph", "view"]);
  });

  it("finds the next unanswered item, going round once", () => {
    const { content } = TEMPLATE;
    const done = [answer(ITEMS.bund, { choice: "pass" })];
    expect(nextUnanswered(content, done, "drain")?.id).toBe("ph");
    expect(nextUnanswered(content, done, "words")?.id).toBe("drain");
    expect(nextUnanswered(content, done, null)?.id).toBe("drain");
    const all = Object.values(ITEMS).map((one) =>
      one.type === "photo"
        ? answer(one, { photos: 1 }, { photos: ["a"] })
        : answer(
            one,
            one.type === "number"
              ? { number: 7, text: "7" }
              : one.type === "text"
                ? { text: "x" }
                : { choice: "pass" },
          ),
    );
    expect(nextUnanswered(content, all, "drain")).toBeNull();
  });
});
