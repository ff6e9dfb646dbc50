import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { navigate, walkthroughPath } from "../../router";
import { author, insecure } from "../../store/author";
import { isDown, liveState } from "../../store/live";
import { mayRecord, paused, site } from "../../store/session";
import { startInspection } from "../../work/record";
import { inspections, templates, workFault } from "../../work/store";
import type { Inspection, Template } from "../../work/types";
import { DoneCard, DraftCard } from "./cards";
import { saveErrorText } from "./errors";
import { InsecureWalks, isDraft } from "./parts";

const SHOWN_DONE = 8;

function TemplateCard({ template }: { template: Template }): VNode {
  const busy = useSignal(false);
  const error = useSignal("");
  const { sections } = template.content;
  const count = sections.reduce((sum, section) => sum + section.items.length, 0);
  const places = new Set(sections.map((section) => section.location).filter(Boolean)).size;
  const start = async (): Promise<void> => {
    const by = author.peek();
    if (!by || busy.value) return;
    busy.value = true;
    error.value = "";
    try {
      const begun = await startInspection(template, template.site, by);
      navigate(walkthroughPath(begun.id));
    } catch (problem) {
      error.value = saveErrorText(problem);
    }
    busy.value = false;
  };
  return (
    <li class="template-card" data-testid={`template-${template.id}`}>
      <div>
        <h3>{template.title}</h3>
        {template.description ? <p class="quiet">{template.description}</p> : null}
        <p class="template-facts">
          {[t("walks.questions", { count }), places > 0 ? t("walks.places", { count: places }) : ""]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <button
        type="button"
        class="button button-primary button-large"
        aria-label={t("walks.start_this", { title: template.title })}
        disabled={busy.value}
        onClick={() => void start()}
      >
        {t(busy.value ? "walks.starting" : "walks.start_button")}
      </button>
      {error.value ? (
        <p class="form-error" role="alert">
          {error.value}
        </p>
      ) : null}
    </li>
  );
}

function Templates(): VNode {
  const items = templates.value;
  if (items.length === 0) {
    return (
      <StateMessage
        title={t("walks.no_templates")}
        help={t(isDown(liveState.value) ? "walks.templates_offline" : "walks.no_templates_help")}
        icon="walk"
      />
    );
  }
  return (
    <ul class="template-list">
      {items.map((template) => (
        <TemplateCard key={template.id} template={template} />
      ))}
    </ul>
  );
}

function Drafts({ items }: { items: Inspection[] }): VNode | null {
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="drafts-title">
      <h2 class="section-title" id="drafts-title">
        {t("walks.drafts")} <span class="tab-count">{items.length}</span>
      </h2>
      <ul class="cards">
        {items.map((inspection) => (
          <DraftCard key={inspection.id} inspection={inspection} />
        ))}
      </ul>
    </section>
  );
}

function Done({ items }: { items: Inspection[] }): VNode {
  const all = useSignal(false);
  const shown = all.value ? items : items.slice(0, SHOWN_DONE);
  return (
    <section aria-labelledby="done-title">
      <h2 class="section-title" id="done-title">
        {t("walks.done")}
      </h2>
      {items.length === 0 ? <p class="quiet">{t("walks.no_done")}</p> : null}
      <ul class="cards">
        {shown.map((inspection) => (
          <DoneCard key={inspection.id} inspection={inspection} />
        ))}
      </ul>
      {shown.length < items.length ? (
        <button
          type="button"
          class="button button-wide"
          onClick={() => {
            all.value = true;
          }}
        >
          {t("walks.more", { count: items.length })}
        </button>
      ) : null}
    </section>
  );
}

function ofSite(): { drafts: Inspection[]; done: Inspection[] } {
  const own = paused.value ? author.value?.id : null;
  const here = [...inspections.value.values()]
    // Without a session one carries on with one's own, whatever the site; the rest is not for strangers.
    .filter(({ author: by, site: at }) => (own ? by.id === own : at === site.value?.id))
    .sort((a, b) => (b.submittedAt ?? b.startedAt) - (a.submittedAt ?? a.startedAt));
  return { drafts: here.filter(isDraft), done: here.filter((one) => !isDraft(one)) };
}

function Body(): VNode {
  const { drafts, done } = ofSite();
  const reader = !mayRecord.value;
  const none = drafts.length + done.length === 0;
  if (workFault.value && !insecure) {
    return (
      <StateMessage
        title={t("walks.failed")}
        help={t(`save.failed.${workFault.value}`)}
        icon="attention"
        tone="problem"
      >
        <p class="state-help">{t("walks.failed_help")}</p>
      </StateMessage>
    );
  }
  if (reader && none)
    return (
      <StateMessage title={t("walks.auditor_none")} help={t("walks.auditor_help")} icon="walk" />
    );
  return (
    <div class="walks">
      <div class="walks-main">
        {insecure && !reader ? <InsecureWalks /> : null}
        <Drafts items={drafts} />
        {reader || paused.value || insecure ? null : (
          <section aria-labelledby="start-title">
            <h2 class="section-title" id="start-title">
              {t("walks.start")}
            </h2>
            <Templates />
          </section>
        )}
      </div>
      <div class="walks-side">
        <Done items={done} />
      </div>
    </div>
  );
}

export function WalkList(): VNode {
  return (
    <>
      <div class="page-head">
        <h1>{t("walks.title")}</h1>
      </div>
      {mayRecord.value ? null : <p class="read-only">{t("walk.auditor")}</p>}
      <Body />
    </>
  );
}
