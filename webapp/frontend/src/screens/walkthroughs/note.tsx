import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { Sheet } from "../../components/sheet";
import { t } from "../../i18n/t";
import { type Typed, useTyped } from "../../lib/typing";
import type { AnswerChange } from "../../work/record";
import type { Answer } from "../../work/types";

const REST_MS = 1500;

interface FieldProps {
  typed: Typed;
  label: string;
  hint: string;
  needed?: boolean;
}

function NoteField({ typed, label, hint, needed = false }: FieldProps): VNode {
  return (
    <label class={needed ? "field field-needed" : "field"}>
      <span class="field-label">{label}</span>
      <textarea
        class="input"
        rows={3}
        maxLength={5000}
        data-testid="note"
        value={typed.text.value}
        onInput={(event) => typed.input(event.currentTarget.value)}
        onBlur={typed.flush}
      />
      <span class="field-hint">{hint}</span>
    </label>
  );
}

interface Props {
  answer: Answer | null;
  draft: string;
  save: (change: AnswerChange) => Promise<boolean>;
}

function useNote({ answer, draft, save }: Props): Typed {
  return useTyped({
    name: `${draft}.note`,
    stored: answer?.note ?? "",
    save: (note) => save({ note }),
    delay: REST_MS,
  });
}

/** Asked where it is needed: at the failed check, not in a list of faults at the end. */
export function NeededNote(props: Props): VNode {
  return (
    <NoteField
      typed={useNote(props)}
      label={t("note.needed")}
      hint={t("note.needed_hint")}
      needed={!props.answer?.note.trim()}
    />
  );
}

/** The reason why something does not apply can be put better later. */
export function ReasonNote(props: Props): VNode {
  return <NoteField typed={useNote(props)} label={t("check.why")} hint={t("note.hint")} />;
}

export function NoteSheet({
  onClose,
  findingHref,
  ...props
}: Props & { onClose: () => void; findingHref: string }): VNode {
  const typed = useNote(props);
  return (
    <Sheet title={t("note.title")} onClose={onClose}>
      <div class="stack">
        <NoteField typed={typed} label={t("note.label")} hint={t("note.hint")} />
        <button
          type="button"
          class="button button-primary button-large"
          data-testid="note-done"
          onClick={() => {
            typed.flush();
            onClose();
          }}
        >
          {t("note.done")}
        </button>
        <a
          class="button button-large"
          data-testid="note-finding"
          href={findingHref}
          onClick={onClose}
        >
          <Icon name="flag" />
          {t("note.finding")}
        </a>
      </div>
    </Sheet>
  );
}
