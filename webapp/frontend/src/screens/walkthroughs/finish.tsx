import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { OutcomeShape } from "../../components/outcome-mark";
import { t } from "../../i18n/t";
import { findingPath, itemPath, navigate, walkthroughPath } from "../../router";
import { author } from "../../store/author";
import { heads, isWhole, outcomeOf, progressOf } from "../../work/outcome";
import { submitInspection } from "../../work/record";
import { answersOf, capturesOf, findingsOf } from "../../work/store";
import type { Answer, Inspection, Item } from "../../work/types";
import { ProgressBar } from "./cards";
import { saveErrorText } from "./errors";
import { isDraft, UpLink, WhyReadOnly } from "./parts";
import { Result } from "./result";

interface Open {
  item: Item;
  why: string;
}

/** What an item still lacks, in words; null when it is whole. */
export function lackOf(item: Item, answers: readonly Answer[]): string | null {
  const found = heads(answers, item.id);
  if (outcomeOf(item, found) === "unanswered") return t("lack.answer");
  const lack = found.map((head) => isWhole(item, head)).find(Boolean);
  return lack ? t(`lack.${lack}`) : null;
}

function List({
  inspection,
  title,
  help,
  items,
}: {
  inspection: Inspection;
  title: string;
  help?: string;
  items: Open[];
}): VNode | null {
  if (items.length === 0) return null;
  return (
    <section class="card">
      <h2 class="card-title">
        {title} <span class="tab-count">{items.length}</span>
      </h2>
      {help ? <p class="card-help">{help}</p> : null}
      <ul class="item-rows item-rows-flat">
        {items.map(({ item, why }) => (
          <li key={item.id}>
            <a
              class="item-row"
              href={itemPath(inspection.id, item.id)}
              data-testid={`open-${item.id}`}
            >
              <OutcomeShape
                outcome={outcomeOf(item, heads(answersOf(inspection.id).value, item.id))}
              />
              <span class="item-row-main">
                <span class="item-row-question">{item.question}</span>
                <span class="item-row-line">
                  <span class="lack">{why}</span>
                </span>
              </span>
              <Icon name="forward" size={20} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Counts({ inspection }: { inspection: Inspection }): VNode {
  const progress = progressOf(inspection, answersOf(inspection.id).value);
  const photos = new Set(capturesOf(inspection.id).value.map((capture) => capture.sha256)).size;
  const findings = findingsOf(inspection.id).value.length;
  return (
    <div class="card finish-counts">
      <ProgressBar part={progress.answered} of={progress.items} />
      <p>
        <strong>
          {t("finish.counts", { answered: progress.answered, items: progress.items })}
        </strong>
      </p>
      <p class="finish-line">
        {[
          t("walks.fails", { count: progress.fail }),
          t("finish.na", { count: progress.na }),
          t("finish.findings", { count: findings }),
          t("finish.photos", { count: photos }),
        ].join(" · ")}
      </p>
    </div>
  );
}

function useLists(inspection: Inspection): { needed: Open[]; open: Open[]; two: Open[] } {
  const answers = answersOf(inspection.id).value;
  const { required_missing: missing } = progressOf(inspection, answers);
  const all = inspection.template.content.sections.flatMap((section) => section.items);
  const needed = missing.map((item) => ({ item, why: lackOf(item, answers) ?? "" }));
  const open = all
    .filter((item) => !missing.includes(item))
    .flatMap((item) => {
      const why = lackOf(item, answers);
      return why ? [{ item, why }] : [];
    });
  const two = all
    .filter((item) => heads(answers, item.id).length > 1)
    .map((item) => ({ item, why: t("item.two") }));
  return { needed, open, two };
}

function Submit({ inspection, blocked }: { inspection: Inspection; blocked: boolean }): VNode {
  const busy = useSignal(false);
  const error = useSignal("");
  const submit = async (): Promise<void> => {
    const by = author.peek();
    if (!by || busy.value) return;
    busy.value = true;
    error.value = "";
    try {
      await submitInspection(inspection, by);
      navigate(walkthroughPath(inspection.id), true);
    } catch (problem) {
      error.value = t("finish.failed", { why: saveErrorText(problem) });
    }
    busy.value = false;
  };
  return (
    <div class="finish-submit">
      <p class="quiet">{t(blocked ? "finish.blocked" : "finish.final")}</p>
      {error.value ? (
        <p class="form-error" role="alert">
          {error.value}
        </p>
      ) : null}
      <button
        type="button"
        class="button button-primary button-large button-wide"
        data-testid="submit"
        disabled={blocked || busy.value}
        onClick={() => void submit()}
      >
        <Icon name="check" />
        {t(busy.value ? "finish.submitting" : "finish.submit")}
      </button>
    </div>
  );
}

function Open({ inspection }: { inspection: Inspection }): VNode {
  const { needed, open, two } = useLists(inspection);
  return (
    <>
      <Counts inspection={inspection} />
      {needed.length + open.length + two.length === 0 ? (
        <p class="all-clear">
          <span class="all-clear-icon">
            <Icon name="check" size={28} />
          </span>
          {t("finish.ready")}
        </p>
      ) : null}
      <List
        inspection={inspection}
        title={t("finish.needed")}
        help={t("finish.needed_help")}
        items={needed}
      />
      <List inspection={inspection} title={t("finish.conflicts")} items={two} />
      <List inspection={inspection} title={t("finish.open")} items={open} />
      {author.value ? (
        <Submit inspection={inspection} blocked={needed.length > 0} />
      ) : (
        <WhyReadOnly />
      )}
    </>
  );
}

export function Finish({ inspection }: { inspection: Inspection }): VNode {
  return (
    <div class="finish-page">
      <div class="finish-head">
        <UpLink to={walkthroughPath(inspection.id)}>{t("walk.overview")}</UpLink>
        {isDraft(inspection) && author.value ? (
          <a class="button" data-testid="new-finding" href={findingPath(inspection.id, null)}>
            <Icon name="flag" size={20} />
            {t("walk.finding")}
          </a>
        ) : null}
      </div>
      <div class="page-head">
        <p class="overline">{inspection.template.title}</p>
        <h1>{t("finish.title")}</h1>
      </div>
      {isDraft(inspection) ? <Open inspection={inspection} /> : <Result inspection={inspection} />}
    </div>
  );
}
