import type { Found } from "../../lib/template";
import type { InputProps } from "../../questions/type";
import { author } from "../../store/author";
import type { CaptureTarget } from "../../work/capture";
import { heads } from "../../work/outcome";
import { answersOf } from "../../work/store";
import type { Answer, Inspection } from "../../work/types";
import { type Recorder, useRecorder } from "./recorder";

/** What the parts of a question's screen draw. */
export interface ItemView {
  inspection: Inspection;
  found: Found;
  /** Every head; the last one is what a change builds on. */
  answers: Answer[];
  answer: Answer | null;
  recorder: Recorder;
  input: InputProps;
}

export function useItem(inspection: Inspection, found: Found): ItemView {
  const { item, section } = found;
  const recorder = useRecorder(inspection, found);
  const answers = heads(answersOf(inspection.id).value, item.id);
  const answer = answers.at(-1) ?? null;
  const target = (source: CaptureTarget["source"]): CaptureTarget => ({
    inspection: inspection.id,
    site: inspection.site,
    item: item.id,
    finding: null,
    aspect: answer ? answer.aspect : item.aspect,
    location: answer ? answer.location : section.location,
    source,
    author: author.value ?? inspection.author,
  });
  const draft = `draft.${inspection.id}.${item.id}`;
  const { gallery } = inspection.template.content;
  const input = { item, answer, save: recorder.save, target, gallery, draft };
  return { inspection, found, answers, answer, recorder, input };
}
