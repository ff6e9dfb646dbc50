import type { ComponentChildren, VNode } from "preact";
import { Icon } from "../../components/icons";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { author } from "../../store/author";
import { mayRecord } from "../../store/session";
import { heads, outcomeOf } from "../../work/outcome";
import { aspects, places } from "../../work/store";
import type { Answer, Inspection, Outcome, Section } from "../../work/types";

export const placeName = (id: string | null): string | null =>
  id ? (places.value.get(id)?.path ?? null) : null;

export const aspectName = (id: string | null): string | null =>
  id ? (aspects.value.get(id)?.name ?? null) : null;

export interface Tally {
  items: number;
  answered: number;
  fail: number;
}

export function tallyOf(section: Section, answers: readonly Answer[]): Tally {
  const outcomes: Outcome[] = section.items.map((item) => outcomeOf(item, heads(answers, item.id)));
  return {
    items: outcomes.length,
    answered: outcomes.filter((outcome) => outcome !== "unanswered").length,
    fail: outcomes.filter((outcome) => outcome === "fail").length,
  };
}

export function tallyText({ items, answered, fail }: Tally): string {
  const count = t("walk.section_count", { answered, items });
  return fail > 0 ? `${count} · ${t("walk.section_fails", { count: fail })}` : count;
}

export const isDraft = (inspection: Inspection): boolean =>
  inspection.state === "draft" && (inspection.server?.state ?? "draft") === "draft";

/** Up, not back: from a question one wants the overview, however many questions lie between. */
export function UpLink({ to, children }: { to: string; children: ComponentChildren }): VNode {
  return (
    <a class="back-button" href={to}>
      <Icon name="back" />
      {children}
    </a>
  );
}

/** Why a draft that is open here cannot be answered here; null where it can. */
export function WhyReadOnly(): VNode | null {
  if (author.value) return null;
  if (!mayRecord.value) return <p class="read-only">{t("walk.auditor")}</p>;
  return (
    <p class="read-only" data-testid="insecure-walk">
      {t("insecure.title")}. <a href="/phone">{t("pwa.insecure_more")}</a>
    </p>
  );
}

/** Nothing is recorded where it could not be kept or proven; the reason and the way out stand here. */
export function InsecureWalks(): VNode {
  return (
    <div class="card insecure" data-testid="insecure-walks">
      <StateMessage
        title={t("insecure.title")}
        help={t("insecure.why", { origin: location.origin })}
        icon="lock"
        tone="problem"
      />
      <h3>{t("insecure.fix")}</h3>
      <ul class="bullets">
        <li>{t("insecure.fix_lan")}</li>
        <li>{t("insecure.fix_https")}</li>
        <li>{t("insecure.fix_local")}</li>
      </ul>
      <p class="quiet">{t("insecure.read")}</p>
    </div>
  );
}
