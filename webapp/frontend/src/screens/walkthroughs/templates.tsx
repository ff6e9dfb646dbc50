import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { itemPath, navigate, walkthroughPath } from "../../router";
import { author } from "../../store/author";
import { isDown, liveState } from "../../store/live";
import { startInspection } from "../../work/record";
import type { KnownPlace } from "../../work/reference";
import { templates } from "../../work/store";
import type { Item, Template } from "../../work/types";
import { saveErrorText } from "./errors";
import { itemsWithin } from "./here";

function facts({ content: { sections } }: Template, here: Item[]): string {
  const count = sections.reduce((sum, section) => sum + section.items.length, 0);
  const places = new Set(sections.map((section) => section.location).filter(Boolean)).size;
  if (here.length > 0) return t("here.questions", { here: here.length, count });
  const where = places > 0 ? t("walks.places", { count: places }) : "";
  return [t("walks.questions", { count }), where].filter(Boolean).join(" · ");
}

interface CardProps {
  template: Template;
  /** Its questions at the place where one stands; the first of them is opened. */
  here: Item[];
}

function TemplateCard({ template, here }: CardProps): VNode {
  const busy = useSignal(false);
  const error = useSignal("");
  const start = async (): Promise<void> => {
    const by = author.peek();
    if (!by || busy.value) return;
    busy.value = true;
    error.value = "";
    try {
      const { id } = await startInspection(template, template.site, by);
      navigate(here[0] ? itemPath(id, here[0].id) : walkthroughPath(id));
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
        <p class="template-facts">{facts(template, here)}</p>
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

function Cards({ cards }: { cards: CardProps[] }): VNode {
  return (
    <ul class="template-list">
      {cards.map(({ template, here }) => (
        <TemplateCard key={template.id} template={template} here={here} />
      ))}
    </ul>
  );
}

/** With a place: those that ask about it, or all the others. Without one: all. */
export function Templates({
  place,
  others = false,
}: {
  place: KnownPlace | null;
  others?: boolean;
}): VNode | null {
  const all = templates.value.map((template) => ({
    template,
    here: place ? itemsWithin(template.content, place) : [],
  }));
  const cards = place ? all.filter(({ here }) => here.length > 0 !== others) : all;
  if (others && cards.length === 0) return null;
  const title = place ? (others ? "here.other" : "here.start") : "walks.start";
  return (
    <section aria-labelledby={title}>
      <h2 class="section-title" id={title}>
        {t(title)}
      </h2>
      {all.length === 0 ? (
        <StateMessage
          title={t("walks.no_templates")}
          help={t(isDown(liveState.value) ? "walks.templates_offline" : "walks.no_templates_help")}
          icon="walk"
        />
      ) : cards.length > 0 ? (
        <Cards cards={cards} />
      ) : (
        <p class="quiet">{t("here.none")}</p>
      )}
    </section>
  );
}
