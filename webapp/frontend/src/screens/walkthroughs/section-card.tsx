import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { OutcomeShape } from "../../components/outcome-mark";
import { Sheet } from "../../components/sheet";
import { Where } from "../../components/where";
import { t } from "../../i18n/t";
import { QUESTIONS } from "../../questions";
import { Reason } from "../../questions/check";
import { itemPath } from "../../router";
import { author } from "../../store/author";
import { heads, isWhole, outcomeOf } from "../../work/outcome";
import { saveAnswer } from "../../work/record";
import { answersOf } from "../../work/store";
import type { Inspection, Item, Section } from "../../work/types";
import { saveErrorText } from "./errors";
import { placeName, tallyOf, tallyText } from "./parts";

function ItemRow({ inspection, item }: { inspection: Inspection; item: Item }): VNode {
  const found = heads(answersOf(inspection.id).value, item.id);
  const head = found.at(-1);
  const outcome = outcomeOf(item, found);
  const lack = found.map((one) => isWhole(item, one)).find(Boolean);
  const words = head ? QUESTIONS[item.type].text(item, head) : "";
  return (
    <li>
      <a
        class="item-row"
        href={itemPath(inspection.id, item.id)}
        data-testid={`item-${item.id}`}
        data-outcome={outcome}
      >
        <OutcomeShape outcome={outcome} />
        <span class="item-row-main">
          <span class="item-row-question">{item.question}</span>
          <span class="item-row-line">
            {item.type === "check" || !words ? (
              <OutcomeWord outcome={outcome} required={item.required} />
            ) : (
              <span>
                {words}
                {outcome === "fail" ? ` · ${t("outcome.fail")}` : ""}
              </span>
            )}
            {lack ? <span class="lack">{t(`lack.${lack}`)}</span> : null}
            {found.length > 1 ? <span class="lack">{t("item.two")}</span> : null}
            {head && head.photos.length > 0 ? (
              <span class="item-row-photos">
                <Icon name="camera" size={16} />
                {head.photos.length}
                <span class="sr-only"> {t("finding.photos")}</span>
              </span>
            ) : null}
          </span>
        </span>
        {head ? <Where kind="answer" id={head.id} compact /> : null}
      </a>
    </li>
  );
}

function OutcomeWord({
  outcome,
  required,
}: {
  outcome: ReturnType<typeof outcomeOf>;
  required: boolean;
}): VNode {
  return (
    <span class={`outcome-word-${outcome}`}>
      {t(`outcome.${outcome}`)}
      {outcome === "unanswered" && !required ? ` · ${t("item.optional")}` : ""}
    </span>
  );
}

interface NaProps {
  inspection: Inspection;
  section: Section;
  onClose: () => void;
}

/** Checks only: the other kinds of question have no "not applicable", and stay open. */
function SectionNa({ inspection, section, onClose }: NaProps): VNode {
  const error = useSignal("");
  const answers = answersOf(inspection.id).value;
  const open = section.items.filter(
    (item) => outcomeOf(item, heads(answers, item.id)) === "unanswered",
  );
  const checks = open.filter((item) => item.type === "check");
  const rest = open.length - checks.length;
  const mark = async (note: string): Promise<void> => {
    const by = author.peek();
    if (!by) return;
    try {
      for (const item of checks)
        await saveAnswer(inspection, item, section.location, { value: { choice: "na" }, note }, by);
      onClose();
    } catch (problem) {
      error.value = saveErrorText(problem);
    }
  };
  return (
    <Sheet title={t("walk.section_na_title", { section: section.title })} onClose={onClose}>
      <div class="stack">
        <p>{t("walk.section_na_help", { count: checks.length })}</p>
        {rest > 0 ? <p class="quiet">{t("walk.section_na_rest", { count: rest })}</p> : null}
        <Reason onReason={(reason) => void mark(reason)} onCancel={onClose} />
        {error.value ? (
          <p class="form-error" role="alert">
            {error.value}
          </p>
        ) : null}
      </div>
    </Sheet>
  );
}

interface Props {
  inspection: Inspection;
  section: Section;
  recording: boolean;
  askingNa: boolean;
  onAskNa: (ask: boolean) => void;
}

export function SectionCard({ inspection, section, recording, askingNa, onAskNa }: Props): VNode {
  const answers = answersOf(inspection.id).value;
  const tally = tallyOf(section, answers);
  const place = placeName(section.location);
  const mayNa =
    recording &&
    section.items.some(
      (item) => item.type === "check" && outcomeOf(item, heads(answers, item.id)) === "unanswered",
    );
  return (
    <section class="section-card" aria-labelledby={`section-${section.id}`}>
      <header class="section-head">
        <div>
          <h2 id={`section-${section.id}`}>{section.title}</h2>
          {place && place !== section.title ? (
            <p class="section-place">
              <Icon name="pin" size={16} />
              {place}
            </p>
          ) : null}
        </div>
        <p class={tally.fail > 0 ? "section-tally has-fails" : "section-tally"}>
          {tally.answered === tally.items ? (
            <OutcomeShape outcome={tally.fail > 0 ? "fail" : "pass"} size={18} />
          ) : null}
          {tallyText(tally)}
        </p>
      </header>
      <ul class="item-rows">
        {section.items.map((item) => (
          <ItemRow key={item.id} inspection={inspection} item={item} />
        ))}
      </ul>
      {mayNa ? (
        <button type="button" class="link-button section-na" onClick={() => onAskNa(true)}>
          {t("walk.section_na")}
        </button>
      ) : null}
      {askingNa ? (
        <SectionNa inspection={inspection} section={section} onClose={() => onAskNa(false)} />
      ) : null}
    </section>
  );
}
