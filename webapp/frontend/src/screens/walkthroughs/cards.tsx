import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { Where } from "../../components/where";
import { formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { itemPath, reportUrl, walkthroughPath } from "../../router";
import { author, thisDevice } from "../../store/author";
import { serverNow } from "../../store/clock";
import { isDown, liveState } from "../../store/live";
import { zone } from "../../store/session";
import { whereabouts } from "../../sync/status";
import { progressOf } from "../../work/outcome";
import { answersOf } from "../../work/store";
import type { Inspection } from "../../work/types";
import type { WorkHere } from "./here";

/** "Ines, this phone": whose it is and where it was begun. */
export function whoText(inspection: Inspection): string {
  const device =
    inspection.deviceId === thisDevice.value ? t("walks.this_phone") : t("walks.other_phone");
  return `${inspection.author.name}, ${device}`;
}

export function ProgressBar({ part, of }: { part: number; of: number }): VNode {
  return (
    <svg class="progress" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="progress-track" width="100" height="4" rx="2" />
      <rect class="progress-part" width={of > 0 ? (part / of) * 100 : 0} height="4" rx="2" />
    </svg>
  );
}

const when = (at: number): string => formatWhen(at, zone.value, serverNow());

/** Opens where it was left; where one stands at a place, at its first open question there. */
export function DraftCard({
  inspection,
  here = null,
}: {
  inspection: Inspection;
  here?: WorkHere | null;
}): VNode {
  const progress = progressOf(inspection, answersOf(inspection.id).value);
  const { items, answered, fail } = progress;
  const item = here?.next?.id ?? inspection.lastItem;
  const to = item && author.value ? itemPath(inspection.id, item) : walkthroughPath(inspection.id);
  return (
    <li>
      <a class="walk-card" href={to} data-testid={`draft-${inspection.id}`}>
        <span class="walk-card-title">{inspection.template.title}</span>
        <span class="quiet">
          {whoText(inspection)} · {t("walks.begun", { time: when(inspection.startedAt) })}
        </span>
        {here ? (
          <strong class="template-facts">
            {t("here.answered", { answered: here.answered, items: here.items })}
          </strong>
        ) : null}
        <ProgressBar part={answered} of={items} />
        <span class="walk-card-line">
          <span>
            {t("walks.progress_long", { answered, items })}
            {fail > 0 ? ` · ${t("walks.fails", { count: fail })}` : ""}
          </span>
          <Where kind="inspection" id={inspection.id} />
        </span>
      </a>
    </li>
  );
}

export type DoneState = "phone" | "attention" | "sent" | "awaited" | "complete";

/** "Complete" is the server's word alone: it holds every photo of what was submitted. */
export function doneState(inspection: Inspection): DoneState {
  const here = whereabouts("inspection", inspection.id);
  if (here === "attention") return "attention";
  const { server } = inspection;
  if (!server || server.state === "draft") return "phone";
  if (server.state === "complete" && here === "server") return "complete";
  return server.missing.length > 0 ? "awaited" : "sent";
}

export function DoneStateText({ inspection }: { inspection: Inspection }): VNode {
  const state = doneState(inspection);
  const word = {
    phone: () => t("walks.state_phone"),
    attention: () => t("where.attention"),
    sent: () => t("walks.state_sent"),
    awaited: () => t("walks.state_awaited", { count: inspection.server?.missing.length ?? 0 }),
    complete: () => t("walks.state_complete"),
  }[state]();
  const icon = {
    phone: "phone",
    attention: "attention",
    sent: "up",
    awaited: "clock",
    complete: "check",
  } as const;
  return (
    <span
      class={`done-state done-${state}`}
      data-testid={`state-${inspection.id}`}
      data-state={state}
      data-sync={whereabouts("inspection", inspection.id)}
      data-kind="inspection"
      data-ref={inspection.id}
    >
      <Icon name={icon[state]} size={18} />
      {word}
    </span>
  );
}

/** A page of the server's in a tab of its own; without a connection it is said instead of a dead link. */
export function ReportLink({
  inspection,
  words = t("walks.report"),
}: {
  inspection: Inspection;
  words?: string;
}): VNode | null {
  if (!inspection.server || inspection.server.state === "draft") return null;
  if (isDown(liveState.value)) return <span class="quiet">{t("walks.report_offline")}</span>;
  return (
    <a
      class="button"
      href={reportUrl(inspection.id)}
      target="_blank"
      rel="noopener"
      aria-label={t("walks.report_of", { words, title: inspection.template.title })}
    >
      <Icon name="note" size={20} />
      {words}
    </a>
  );
}

export function DoneCard({ inspection }: { inspection: Inspection }): VNode {
  return (
    <li class="walk-card">
      <a class="walk-card-title" href={walkthroughPath(inspection.id)}>
        {inspection.template.title}
      </a>
      <span class="quiet">
        {inspection.author.name} ·{" "}
        {t("walks.finished", { time: when(inspection.submittedAt ?? inspection.startedAt) })}
      </span>
      {inspection.server?.flagged ? (
        <span class="done-state done-attention">
          <Icon name="attention" size={18} />
          {t("walks.flagged")}
        </span>
      ) : null}
      <span class="walk-card-line">
        <DoneStateText inspection={inspection} />
        <ReportLink inspection={inspection} />
      </span>
    </li>
  );
}
