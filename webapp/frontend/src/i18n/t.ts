import { en } from "./en";

type Catalogue = typeof en;
export type Key = keyof Catalogue;

type Text<K extends Key> = Catalogue[K] extends { other: infer O } ? O : Catalogue[K];
type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Params<K extends Key> = { [Name in Names<Text<K>>]: string | number };
type Args<K extends Key> = [Names<Text<K>>] extends [never] ? [] : [params: Params<K>];

/** Words are English; numbers follow the reader's own flavour of it, else the European one. */
export const locale: string = pickLocale();

function pickLocale(): string {
  const wanted = typeof navigator === "undefined" ? [] : (navigator.languages ?? []);
  return wanted.find((tag) => tag.startsWith("en-")) ?? "en-IE";
}

const plurals = new Intl.PluralRules("en");

function choose(entry: string | { one: string; other: string }, count: unknown): string {
  if (typeof entry === "string") return entry;
  return plurals.select(Number(count)) === "one" ? entry.one : entry.other;
}

const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

function fill(text: string, params: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name] ?? whole;
    return typeof value === "number" ? integers.format(value) : value;
  });
}

export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const params = (args[0] ?? {}) as Record<string, string | number>;
  return fill(choose(en[key], params.count), params);
}

/** For words that come from data: the catalogue's word when it knows one, else the data's own. */
export function tData(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  if (!(key in en)) return word.replaceAll("_", " ");
  const entry: string | { other: string } = en[key as Key];
  return typeof entry === "string" ? entry : entry.other;
}
