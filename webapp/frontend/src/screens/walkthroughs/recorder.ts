import { type Signal, useSignal } from "@preact/signals";
import type { Found } from "../../lib/template";
import { author } from "../../store/author";
import { heads } from "../../work/outcome";
import { type AnswerChange, saveAnswer, undo } from "../../work/record";
import { answersOf } from "../../work/store";
import type { Inspection } from "../../work/types";
import { saveErrorText } from "./errors";

export type SaveState =
  | { kind: "idle" }
  | { kind: "saving" }
  | { kind: "saved"; at: number; undone: boolean }
  | { kind: "failed"; why: string };

export interface Recorder {
  state: Signal<SaveState>;
  save: (change: AnswerChange) => Promise<boolean>;
  move: (location: string | null) => Promise<boolean>;
  undo: () => Promise<void>;
}

/** Records answers to one question, and says "saved" only when the phone's disk has them. */
export function useRecorder(inspection: Inspection, { item, section }: Found): Recorder {
  const state = useSignal<SaveState>({ kind: "idle" });
  const record = async (work: () => Promise<unknown>, undone: boolean): Promise<boolean> => {
    state.value = { kind: "saving" };
    try {
      await work();
      state.value = { kind: "saved", at: Date.now(), undone };
      return true;
    } catch (error) {
      state.value = { kind: "failed", why: saveErrorText(error) };
      return false;
    }
  };
  const place = (): string | null =>
    heads(answersOf(inspection.id).peek(), item.id).at(-1)?.location ?? section.location;
  const write = (location: string | null, change: AnswerChange): Promise<boolean> => {
    const by = author.peek();
    if (!by) return Promise.resolve(false);
    return record(() => saveAnswer(inspection, item, location, change, by), false);
  };
  return {
    state,
    save: (change) => write(place(), change),
    move: (location) => write(location, {}),
    undo: async () => {
      const by = author.peek();
      if (by) await record(() => undo(inspection, item, by), true);
    },
  };
}
