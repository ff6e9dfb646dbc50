import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "./en";
import { formatAge, formatAmount, formatClock, formatSpan, formatWhen, withUnit } from "./format";
import { t, tData } from "./t";

describe("t", () => {
  it("fills parameters and chooses the plural", () => {
    expect(t("nav.alarms_open", { count: 1 })).toBe("1 open alarm");
    expect(t("nav.alarms_open", { count: 3 })).toBe("3 open alarms");
    expect(t("conn.offline", { time: "14:02" })).toBe("Offline since 14:02");
  });

  it("shows a word of the data as it is when the catalogue does not know it", () => {
    expect(tData("reason", "flatline")).toBe("has not moved");
    expect(tData("reason", "lightning_strike")).toBe("lightning strike");
  });

  it("has no entry that nothing uses", () => {
    const folder = join(import.meta.dirname, "..");
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter(
        (name) =>
          /\.tsx?$/.test(name) && !name.includes(".test.") && !name.startsWith(join("i18n", "en")),
      )
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
    const built = [...sources.matchAll(/(?:t\(`|tData\(\s*")([\w.]+?)\.?(?:\$|")/g)].map(
      (match) => match[1],
    );
    const unused = Object.keys(en).filter(
      (key) =>
        !sources.includes(`"${key}"`) && !built.some((prefix) => key.startsWith(`${prefix}.`)),
    );
    expect(unused).toEqual([]);
  });
});

describe("formats", () => {
  const noon = Date.parse("2026-11-23T12:00:00Z");

  it("shows the site's clock, whatever the phone's zone", () => {
    expect(formatClock(noon, "Asia/Kolkata")).toBe("17:30");
    expect(formatWhen(noon, "Europe/Dublin", noon + 60_000)).toBe("12:00");
    expect(formatWhen(noon, "Europe/Dublin", noon + 86_400_000)).toMatch(/23.*12:00/);
  });

  it("tells ages and spans in words", () => {
    expect(formatAge(-3)).toBe("just now");
    expect(formatAge(12.9)).toBe("12 s ago");
    expect(formatAge(125)).toBe("2 min ago");
    expect(formatAge(3660)).toBe("1 h 1 min ago");
    expect(formatAge(8 * 3600 + 300)).toBe("8 h ago");
    expect(formatAge(86_400)).toBe("1 day ago");
    expect(formatSpan(90)).toBe("1 min");
    expect(formatSpan(6 * 3600)).toBe("6 h");
    expect(formatSpan(3600 + 120)).toBe("1 h 2 min");
    expect(formatSpan(2 * 86_400 + 3600)).toBe("2 days 1 h");
  });

  it("writes units as people do and sums without false digits", () => {
    expect(withUnit("3", "m3/h")).toBe("3\u00a0m³/h");
    expect(withUnit("3", null)).toBe("3");
    expect(formatAmount(1234.56)).toMatch(/^1.?235$/);
    expect(formatAmount(3.456)).toBe("3.46");
  });
});
