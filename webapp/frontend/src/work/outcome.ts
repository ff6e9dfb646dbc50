/** What answers mean. The same rules as the server's `webapp/questions`. */

import type { Answer, Inspection, Item, Outcome, TemplateContent, Value } from "./types";

type Content = Pick<Answer, "value" | "note" | "photos" | "reading">;
type Judge = (item: Item, answer: Content) => Outcome;

function between(number: number, item: Item): Outcome {
  const low = item.low ?? null;
  const high = item.high ?? null;
  if (low === null && high === null) return "neutral";
  return (low !== null && number < low) || (high !== null && number > high) ? "fail" : "pass";
}

function judgeChoice(item: Item, value: Value): Outcome {
  if (!("options" in value) || value.options.length === 0) return "unanswered";
  const found = (item.options ?? [])
    .filter((option) => value.options.includes(option.id))
    .map((option) => option.outcome);
  if (found.includes("fail")) return "fail";
  return found.includes("pass") ? "pass" : "neutral";
}

function judgeReading(answer: Content): Outcome {
  const { value, reading } = answer;
  if (!value || !("source" in value)) return "unanswered";
  const number = value.source === "handheld" ? value.number : (reading?.value ?? null);
  if (number === null) return "unanswered";
  if (value.source === "sensor" && reading?.quality === "bad") return "neutral";
  const limits = reading?.limits ?? [];
  if (limits.length === 0) return "neutral";
  const breaks = (limit: { kind: string; value: number }): boolean =>
    (limit.kind === "low" && number < limit.value) ||
    (limit.kind === "high" && number > limit.value);
  return limits.some(breaks) ? "fail" : "pass";
}

const JUDGES: Record<Item["type"], Judge> = {
  check: (_item, { value }) => (value && "choice" in value ? value.choice : "unanswered"),
  choice: (item, { value }) => (value ? judgeChoice(item, value) : "unanswered"),
  number: (item, { value }) =>
    value && "number" in value ? between(value.number, item) : "unanswered",
  text: (_item, { value }) =>
    value && "text" in value && value.text.trim() ? "neutral" : "unanswered",
  // Fewer photos than asked for are no answer yet.
  photo: (item, { photos }) => (photos.length >= (item.min ?? 1) ? "neutral" : "unanswered"),
  reading: (_item, answer) => judgeReading(answer),
};

const judge = (item: Item, answer: Content): Outcome =>
  answer.value === null ? "unanswered" : JUDGES[item.type](item, answer);

const BAD_FIRST: Outcome[] = ["fail", "unanswered", "na", "neutral", "pass"];

/** Two heads that differ are two opinions: the worse one counts until people agree. */
export function outcomeOf(item: Item, heads: readonly Answer[]): Outcome {
  const found = heads.map((head) => judge(item, head));
  return BAD_FIRST.find((outcome) => found.includes(outcome)) ?? "unanswered";
}

/** The versions that no other version replaces, oldest first. */
export function heads(answers: readonly Answer[], item: string): Answer[] {
  const mine = answers.filter((answer) => answer.item === item);
  const replaced = new Set(mine.flatMap((answer) => answer.replaces));
  return mine
    .filter((answer) => !replaced.has(answer.id))
    .sort((a, b) => a.answeredAt - b.answeredAt || (a.id < b.id ? -1 : 1));
}

export type Lack = "reason" | "photo" | "note";

/** What an answer still needs before it is whole. An unanswered item needs an answer first: then null. */
export function isWhole(item: Item, head: Answer | null | undefined): Lack | null {
  if (!head) return null;
  const outcome = judge(item, head);
  if (outcome === "na") return head.note.trim() ? null : "reason";
  if (outcome === "unanswered") return null;
  const failed = outcome === "fail";
  const photo = item.photo === "required" || (item.photo === "on_fail" && failed);
  if (photo && head.photos.length === 0) return "photo";
  return item.note === "on_fail" && failed && !head.note.trim() ? "note" : null;
}

export const itemsOf = (content: TemplateContent): Item[] =>
  content.sections.flatMap((section) => section.items);

export const findItem = (content: TemplateContent, id: string): Item | undefined =>
  itemsOf(content).find((item) => item.id === id);

/** Answers by item in one pass: a long walkthrough has hundreds of versions, and this runs at each tap. */
function headsByItem(answers: readonly Answer[]): Map<string, Answer[]> {
  const found = new Map<string, Answer[]>();
  for (const answer of answers) {
    const list = found.get(answer.item);
    if (list) list.push(answer);
    else found.set(answer.item, [answer]);
  }
  return new Map([...found].map(([item, list]) => [item, heads(list, item)]));
}

export interface WalkProgress {
  items: number;
  answered: number;
  fail: number;
  na: number;
  /** Items without which the walkthrough is not finished: required and unanswered, or answered in part. */
  required_missing: Item[];
}

export function progressOf(
  inspection: Inspection,
  answers: readonly Answer[],
  content: TemplateContent = inspection.template.content,
): WalkProgress {
  const current = headsByItem(answers);
  const progress: WalkProgress = { items: 0, answered: 0, fail: 0, na: 0, required_missing: [] };
  for (const item of itemsOf(content)) {
    const found = current.get(item.id) ?? [];
    const outcome = outcomeOf(item, found);
    progress.items += 1;
    if (outcome === "fail") progress.fail += 1;
    if (outcome === "na") progress.na += 1;
    if (outcome !== "unanswered") progress.answered += 1;
    const open = outcome === "unanswered" && item.required;
    if (open || found.some((head) => isWhole(item, head))) progress.required_missing.push(item);
  }
  return progress;
}

/** The next item without an answer after `after`, going round once; null when there is none. */
export function nextUnanswered(
  content: TemplateContent,
  answers: readonly Answer[],
  after: string | null,
): Item | null {
  const items = itemsOf(content);
  const current = headsByItem(answers);
  const from = items.findIndex((item) => item.id === after) + 1;
  const round = [...items.slice(from), ...items.slice(0, from)];
  return round.find((item) => outcomeOf(item, current.get(item.id) ?? []) === "unanswered") ?? null;
}
