import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { findItem } from "../../lib/template";
import { uuid7 } from "../../lib/uuid7";
import { findingPath, navigate } from "../../router";
import { author } from "../../store/author";
import { saveFinding } from "../../work/record";
import { findingsOf } from "../../work/store";
import type { Finding, Inspection } from "../../work/types";
import { saveErrorText } from "./errors";
import type { SaveState } from "./recorder";

export type FindingParts = Pick<Finding, "kind" | "text" | "aspect" | "location" | "item">;

export interface FindingRecorder {
  id: string;
  /** As stored; null until something was entered. */
  known: Finding | null;
  parts: ReadonlySignal<FindingParts>;
  state: ReadonlySignal<SaveState>;
  save: (change: Partial<FindingParts>) => Promise<boolean>;
}

function blank(inspection: Inspection, item: string | null): FindingParts {
  const at = findItem(inspection.template.content, item ?? inspection.lastItem ?? "");
  return {
    kind: "observation",
    text: "",
    item,
    // Found at a question: of its aspect. Else only the place is likely: where one was last.
    aspect: item ? (at?.item.aspect ?? null) : null,
    location: at?.section.location ?? null,
  };
}

/** A finding is made by the first thing entered, never by opening its page. */
export function useFinding(
  inspection: Inspection,
  finding: string | null,
  item: string | null,
): FindingRecorder {
  const id = useRef(finding ?? uuid7()).current;
  const state = useSignal<SaveState>({ kind: "idle" });
  const entered = useSignal<Partial<FindingParts>>({});
  const known = findingsOf(inspection.id).value.find((row) => row.id === id) ?? null;
  const parts = useComputed<FindingParts>(() => ({
    ...(findingsOf(inspection.id).value.find((row) => row.id === id) ?? blank(inspection, item)),
    ...entered.value,
  }));
  const save = async (change: Partial<FindingParts>): Promise<boolean> => {
    const by = author.peek();
    if (!by) return false;
    entered.value = { ...entered.peek(), ...change };
    state.value = { kind: "saving" };
    const { kind, text, aspect, location, item: at } = parts.peek();
    try {
      await saveFinding(
        {
          id,
          site: inspection.site,
          inspection: inspection.id,
          item: at,
          kind,
          text,
          aspect,
          location,
        },
        by,
      );
      state.value = { kind: "saved", at: Date.now(), undone: false };
      // From now on the page has an address that opens it again.
      if (!finding) navigate(findingPath(inspection.id, id), true);
      return true;
    } catch (error) {
      state.value = { kind: "failed", why: saveErrorText(error) };
      return false;
    }
  };
  return { id, known, parts, state, save };
}
