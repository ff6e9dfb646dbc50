import { wellFormed } from "./digest";
import { RecordError } from "./errors";
import type { Answer, Item, Value } from "./types";

const LONGEST = 5000;

/** Never cut in silence: the person still has the words on the screen and can shorten them. */
export function checkedText(text: string): string {
  if (text.length > LONGEST) throw new RecordError("too_long");
  return wellFormed(text);
}

type Content = Pick<Answer, "value" | "note" | "photos" | "reading">;

function inRange(number: number, item: Item): boolean {
  // Beyond 2^53 a number has no exact form that phone and server agree on.
  if (!Number.isFinite(number) || Math.abs(number) >= 2 ** 53) return false;
  const low = item.type === "number" ? (item.min ?? null) : null;
  const high = item.type === "number" ? (item.max ?? null) : null;
  return (low === null || number >= low) && (high === null || number <= high);
}

// Cut first: the cut may go through the middle of a character.
function checkedNumber<T extends { number: number; text: string }>(value: T, item: Item): T {
  if (!inRange(value.number, item)) throw new RecordError("range");
  return { ...value, text: wellFormed(value.text.slice(0, 40)) };
}

function checkedReading(
  value: Extract<Value, { source: string }>,
  item: Item,
  from: Content,
): Value {
  if (value.source === "handheld") {
    const instrument = wellFormed(value.instrument.slice(0, 100));
    return { ...checkedNumber(value, item), instrument };
  }
  if (!from.reading) throw new RecordError("no_reading");
  return value;
}

function checkedChoice(value: Extract<Value, { choice: string }>, note: string): Value {
  if (value.choice === "na" && !note.trim()) throw new RecordError("reason");
  return value;
}

/**
 * The value as the server will take it: an empty text or choice is no answer. A version that the server would refuse
 * must never be written, because it could neither be sent nor be taken back.
 */
export function checkedValue(item: Item, content: Content): Value | null {
  const { value, note, photos } = content;
  if (item.type === "photo") return photos.length > 0 ? { photos: photos.length } : null;
  if (value === null) return null;
  if ("choice" in value) return checkedChoice(value, note);
  if ("options" in value) return value.options.length > 0 ? value : null;
  if ("source" in value) return checkedReading(value, item, content);
  if ("number" in value) return checkedNumber(value, item);
  if (!("text" in value)) return value;
  const text = checkedText(value.text);
  return text.trim() ? { text } : null;
}
