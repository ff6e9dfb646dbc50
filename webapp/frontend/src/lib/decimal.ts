export type Parsed =
  | { ok: true; number: number }
  | { ok: false; why: "empty" | "not-a-number" }
  | { ok: false; why: "ambiguous"; whole: string; decimal: string };

const PLAIN = /^(\d*)(?:[.,](\d+))?$/;
const ONE_THOUSAND = /^([1-9]\d{0,2})[.,](\d{3})$/;
const SAME_GROUPS = /^[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})+$/;
const GROUPS_AND_DECIMAL = /^[1-9]\d{0,2}(?:([., ])\d{3})+([.,])(\d+)$/;
const SPACED = /^[1-9]\d{0,2}(?: \d{3})+$/;

const refused: Parsed = { ok: false, why: "not-a-number" };

function digits(text: string, negative: boolean): Parsed {
  const number = Number(text);
  if (text === "" || !Number.isFinite(number)) return refused;
  return { ok: true, number: negative && number !== 0 ? -number : number };
}

/**
 * A number as people write it, with comma or point. "1,234" may mean a thousand or a bit more than
 * one: a factor of a thousand is no place to guess, so it is refused with both readings.
 */
export function parseDecimal(text: string): Parsed {
  const clean = text
    .trim()
    .replace(/[\u00a0\u2009\u202f'’]/g, " ")
    .replace(/^[\u2212–]/, "-");
  if (clean === "") return { ok: false, why: "empty" };
  const negative = clean.startsWith("-");
  const rest = clean.replace(/^[+-] ?/, "");
  const thousand = ONE_THOUSAND.exec(rest);
  if (thousand) {
    const sign = negative ? "-" : "";
    const [, whole, part] = thousand;
    return {
      ok: false,
      why: "ambiguous",
      whole: `${sign}${whole}${part}`,
      decimal: `${sign}${whole}.${part}0`,
    };
  }
  const plain = PLAIN.exec(rest);
  if (plain) return digits(plain[2] ? `${plain[1] || "0"}.${plain[2]}` : rest, negative);
  const mixed = GROUPS_AND_DECIMAL.exec(rest);
  if (mixed && mixed[1] !== mixed[2]) {
    const whole = rest.slice(0, rest.lastIndexOf(mixed[2] ?? "")).replace(/[., ]/g, "");
    return digits(`${whole}.${mixed[3]}`, negative);
  }
  if (SAME_GROUPS.test(rest) || SPACED.test(rest))
    return digits(rest.replace(/[., ]/g, ""), negative);
  return refused;
}
