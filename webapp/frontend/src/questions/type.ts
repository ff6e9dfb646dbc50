import type { ComponentType } from "preact";
import type { CaptureTarget } from "../work/capture";
import type { AnswerChange } from "../work/record";
import type { Answer, Item } from "../work/types";

export interface InputProps {
  item: Item;
  /** The answer that counts now; with two heads the later one. */
  answer: Answer | null;
  /** Resolves when it is on the phone's disk, with false when it could not be kept; the screen says why. */
  save: (change: AnswerChange) => Promise<boolean>;
  /** Where a photo taken now belongs; null where no photos may be taken. */
  target: (source: CaptureTarget["source"]) => CaptureTarget;
  gallery: boolean;
  /** Names this question of this walkthrough, for what is typed and not saved yet. */
  draft: string;
}

/** One answer type: how it is asked, and how an answer is told in words. */
export interface QuestionType {
  Input: ComponentType<InputProps>;
  text: (item: Item, answer: Pick<Answer, "value" | "reading" | "photos">) => string;
  /** Told to people with a keyboard. */
  keys: (item: Item) => string;
}
