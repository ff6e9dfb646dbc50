import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { Camera } from "../../components/camera";
import { Icon } from "../../components/icons";
import { t } from "../../i18n/t";
import { finishPath, itemPath } from "../../router";
import { nextUnanswered } from "../../work/outcome";
import { answersOf } from "../../work/store";
import type { ItemView } from "./item-view";
import { NoteSheet } from "./note";

function Next({ view }: { view: ItemView }): VNode {
  const { inspection, found } = view;
  const answers = answersOf(inspection.id).value;
  const next = nextUnanswered(inspection.template.content, answers, found.item.id);
  // The question that is open does not count as the next one.
  const other = next && next.id !== found.item.id ? next : null;
  const to = other ? itemPath(inspection.id, other.id) : finishPath(inspection.id);
  return (
    <a
      class="button button-primary button-large bar-next"
      href={to}
      data-testid="next"
      aria-label={other ? t("item.next_open_long") : t("walk.finish")}
    >
      {t(other ? "item.next_open" : "walk.finish")}
      <Icon name={other ? "forward" : "check"} />
    </a>
  );
}

interface Props {
  view: ItemView;
  recording: boolean;
  noteOpen: Signal<boolean>;
  findingHref: string;
}

/** Three things, always in the same place: photo, note or finding, next. */
export function ItemBar({ view, recording, noteOpen, findingHref }: Props): VNode | null {
  if (!recording) return null;
  const { answer, input, recorder } = view;
  return (
    <div class="action-bar item-bar">
      <Camera target={input.target} sources={["camera"]} />
      <button
        type="button"
        class="button button-large"
        data-testid="note-button"
        onClick={() => {
          noteOpen.value = true;
        }}
      >
        <Icon name="note" />
        {t("note.button")}
      </button>
      <Next view={view} />
      {noteOpen.value ? (
        <NoteSheet
          answer={answer}
          draft={input.draft}
          save={recorder.save}
          findingHref={findingHref}
          onClose={() => {
            noteOpen.value = false;
          }}
        />
      ) : null}
    </div>
  );
}
