import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { Where } from "../../components/where";
import { t } from "../../i18n/t";
import { finishPath, itemPath } from "../../router";
import { author } from "../../store/author";
import { nextUnanswered, progressOf } from "../../work/outcome";
import { answersOf } from "../../work/store";
import type { Inspection } from "../../work/types";
import { About } from "./about";
import { ProgressBar, whoText } from "./cards";
import { FindingButton, Findings } from "./findings";
import { isDraft, UpLink, WhyReadOnly } from "./parts";
import { PositionCard } from "./position-card";
import { Result } from "./result";
import { SectionCard } from "./section-card";

/** The bar under the thumb: go on with the next question, or finish when there is none. */
function OverviewBar({ inspection }: { inspection: Inspection }): VNode {
  const answers = answersOf(inspection.id).value;
  const { content } = inspection.template;
  const next = nextUnanswered(content, answers, inspection.lastItem);
  const first = answers.length === 0;
  return (
    <div class="action-bar walk-bar">
      <FindingButton inspection={inspection} item={null} />
      {next ? (
        <a
          class="button button-primary button-large"
          data-testid="continue"
          href={itemPath(inspection.id, next.id)}
        >
          {t(first ? "walk.begin" : "walk.continue")}
          <Icon name="forward" />
        </a>
      ) : null}
      <a
        class={`button button-large ${next ? "" : "button-primary"}`}
        data-testid="finish"
        href={finishPath(inspection.id)}
      >
        <Icon name="check" />
        {t(next ? "walk.finish" : "walk.to_finish")}
      </a>
    </div>
  );
}

function Progress({ inspection }: { inspection: Inspection }): VNode {
  const progress = progressOf(inspection, answersOf(inspection.id).value);
  const { items, answered, fail } = progress;
  return (
    <div class="walk-progress">
      <ProgressBar part={answered} of={items} />
      <p>
        <strong>{t("walks.progress_long", { answered, items })}</strong>
        {fail > 0 ? ` · ${t("walks.fails", { count: fail })}` : ""}
      </p>
    </div>
  );
}

function Head({ inspection, draft }: { inspection: Inspection; draft: boolean }): VNode {
  return (
    <div class="walk-head">
      <UpLink to="/walkthroughs">{t("walks.title")}</UpLink>
      <h1>{inspection.template.title}</h1>
      <p class="walk-line">
        <span class="quiet">{whoText(inspection)}</span>
        <Where kind="inspection" id={inspection.id} />
      </p>
      {draft ? null : <p class="quiet">{t("walk.read_only")}</p>}
      {draft ? <WhyReadOnly /> : null}
    </div>
  );
}

/** The walkthrough at a glance: sections by place, what was found, and the way on. */
export function Overview({ inspection }: { inspection: Inspection }): VNode {
  const draft = isDraft(inspection);
  const recording = draft && author.value !== null;
  const open = useSignal<string | null>(null);
  return (
    <div class="walk-page">
      <Head inspection={inspection} draft={draft} />
      <div class="walk-columns">
        <div class="walk-main">
          {draft ? null : <Result inspection={inspection} />}
          <Progress inspection={inspection} />
          {recording ? <PositionCard /> : null}
          {inspection.template.content.sections.map((section) => (
            <SectionCard
              key={section.id}
              inspection={inspection}
              section={section}
              recording={recording}
              askingNa={open.value === section.id}
              onAskNa={(ask) => {
                open.value = ask ? section.id : null;
              }}
            />
          ))}
        </div>
        <div class="walk-side">
          <Findings inspection={inspection} />
          <About inspection={inspection} />
        </div>
      </div>
      {recording ? <OverviewBar inspection={inspection} /> : null}
    </div>
  );
}
