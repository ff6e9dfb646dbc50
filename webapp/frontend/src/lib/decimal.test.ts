import { describe, expect, it } from "vitest";
import { parseDecimal } from "./decimal";

const number = (text: string): number | string => {
  const found = parseDecimal(text);
  return found.ok ? found.number : found.why;
};

describe("a typed number", () => {
  it("may have a comma or a point", () => {
    expect(number("7,1")).toBe(7.1);
    expect(number("7.1")).toBe(7.1);
    expect(number("  12 ")).toBe(12);
    expect(number(",5")).toBe(0.5);
    expect(number("0,125")).toBe(0.125);
    expect(number("1.2340")).toBe(1.234);
    expect(number("1000.5")).toBe(1000.5);
  });

  it("may be below zero, with any dash of a phone's keyboard", () => {
    expect(number("-3,5")).toBe(-3.5);
    expect(number("−3.5")).toBe(-3.5);
    expect(number("- 3")).toBe(-3);
    expect(Object.is(number("-0"), 0)).toBe(true);
  });

  it("may be grouped where only one reading is possible", () => {
    expect(number("1 234,5")).toBe(1234.5);
    expect(number("1\u202f234.5")).toBe(1234.5);
    expect(number("1.234,5")).toBe(1234.5);
    expect(number("1,234.5")).toBe(1234.5);
    expect(number("1’234’567")).toBe(1234567);
    expect(number("1.234.567")).toBe(1234567);
    expect(number("12 345")).toBe(12345);
  });

  it("is refused where it could be a thousand times more", () => {
    expect(parseDecimal("1,234")).toEqual({
      ok: false,
      why: "ambiguous",
      whole: "1234",
      decimal: "1.2340",
    });
    expect(number("-12.345")).toBe("ambiguous");
    // What the refusal proposes is accepted.
    expect(number("1234")).toBe(1234);
    expect(number("1.2340")).toBe(1.234);
  });

  it("is refused when it is none", () => {
    for (const text of ["", "   "]) expect(number(text)).toBe("empty");
    for (const text of [
      "abc",
      "7.",
      "7,1 mg",
      "1,2,3",
      "12 34",
      "1.23.456",
      "1e5",
      "--1",
      "-",
      ".",
      "1,234,5",
      "Infinity",
      "0x10",
    ])
      expect(number(text), text).toBe("not-a-number");
  });
});
