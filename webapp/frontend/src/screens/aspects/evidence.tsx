import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import type { EvidenceItem } from "../../api/types";
import { alarmTitle } from "../../components/alarm-title";
import { Icon, type IconName } from "../../components/icons";
import { AlarmStateText, PriorityMark } from "../../components/marks";
import { OutcomeMark } from "../../components/outcome-mark";
import { StateMessage } from "../../components/states";
import { When } from "../../components/time";
import { t } from "../../i18n/t";
import { alarmPath, findingPath, itemPath } from "../../router";
import { places } from "../../work/store";
import { infoOf, ServerThumb } from "./photos";

type Kind = EvidenceItem["kind"];
const KINDS: ("all" | Kind)[] = ["all", "photo", "answer", "finding", "alarm"];
const FIRST = 20;

const KIND_ICON: Record<Kind, IconName> = {
  photo: "camera",
  answer: "check",
  finding: "flag",
  alarm: "alarms",
};

interface StepProps {
  item: EvidenceItem;
  by: string | null;
  /** Who brought it in for its author, as a file. */
  deliveredBy?: string | null;
  title: ComponentChildren;
  href: string | null;
  children?: ComponentChildren;
}

function Step({ item, by, deliveredBy, title, href, children }: StepProps): VNode {
  return (
    <li class={`step evidence-step evidence-of-${item.kind}`}>
      <span class="step-icon">
        <Icon name={KIND_ICON[item.kind]} size={18} />
      </span>
      <div class="evidence-body">
        <p class="evidence-line">
          <span class="evidence-kind">{t(`evidence.${item.kind}`)}</span>
          <span class="quiet">
            {by ? `${by}, ` : ""}
            <When at={item.at} />
            {deliveredBy ? `, ${t("evidence.delivered", { name: deliveredBy })}` : ""}
          </span>
        </p>
        <p class="evidence-title">{href ? <a href={href}>{title}</a> : title}</p>
        {children}
      </div>
    </li>
  );
}

function Answered({ item }: { item: EvidenceItem }): VNode | null {
  const { answer, walkthrough, question, text, outcome } = item;
  if (!answer || !walkthrough) return null;
  return (
    <Step
      item={item}
      by={answer.author.name}
      deliveredBy={answer.delivered_by}
      title={question ?? answer.item}
      href={itemPath(answer.inspection, answer.item)}
    >
      <p class="evidence-line">
        {outcome ? <OutcomeMark outcome={outcome} /> : null}
        {text && outcome !== "na" ? <span>{text}</span> : null}
      </p>
      {answer.note ? <blockquote class="step-note">{answer.note}</blockquote> : null}
      <p class="quiet">{t("evidence.walk", { title: walkthrough.title })}</p>
    </Step>
  );
}

function Found({ item }: { item: EvidenceItem }): VNode | null {
  const { finding } = item;
  if (!finding) return null;
  const place = finding.location ? places.value.get(finding.location)?.path : null;
  return (
    <Step
      item={item}
      by={finding.author.name}
      deliveredBy={finding.delivered_by}
      title={finding.text || t("finding.untold")}
      href={finding.inspection ? findingPath(finding.inspection, finding.id) : null}
    >
      <p class="evidence-line">
        <span class={`tag kind kind-${finding.kind}`}>{t(`finding.kind.${finding.kind}`)}</span>
        {place ? <span class="quiet">{place}</span> : null}
      </p>
    </Step>
  );
}

function Alarmed({ item }: { item: EvidenceItem }): VNode | null {
  const { alarm } = item;
  if (!alarm) return null;
  return (
    <Step item={item} by={null} title={alarmTitle(alarm)} href={alarmPath(alarm.id)}>
      <p class="evidence-line">
        <PriorityMark priority={alarm.priority} size={20} />
        <AlarmStateText state={alarm.state} />
      </p>
    </Step>
  );
}

function Photographed({ item }: { item: EvidenceItem }): VNode | null {
  const { photo } = item;
  if (!photo) return null;
  const info = infoOf(photo);
  return (
    <Step
      item={item}
      by={info.by}
      title={info.caption || info.place || t("photo.title")}
      href={null}
    >
      <ServerThumb photo={photo} alt={info.caption || t("photo.alt")} />
    </Step>
  );
}

const VIEW: Record<Kind, (props: { item: EvidenceItem }) => VNode | null> = {
  photo: Photographed,
  answer: Answered,
  finding: Found,
  alarm: Alarmed,
};

function idOf({ kind, at, answer, finding, alarm, photo }: EvidenceItem): string {
  return `${kind}:${answer?.id ?? finding?.id ?? alarm?.id ?? photo?.sha256 ?? at}`;
}

function Filter({
  chosen,
  counts,
  onChoose,
}: {
  chosen: "all" | Kind;
  counts: Map<string, number>;
  onChoose: (kind: "all" | Kind) => void;
}): VNode {
  return (
    <fieldset class="filter-chips">
      <legend class="sr-only">{t("evidence.show")}</legend>
      {KINDS.filter((kind) => kind === "all" || counts.has(kind)).map((kind) => (
        <label key={kind} class="filter-chip">
          <input
            type="radio"
            name="evidence"
            checked={kind === chosen}
            onChange={() => onChoose(kind)}
          />
          <span>
            {t(`evidence.kind.${kind}`)}
            {kind === "all" ? null : <span class="quiet"> {counts.get(kind)}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Newest first: what was seen and what was measured, side by side in time. */
export function EvidenceList({ items }: { items: EvidenceItem[] }): VNode {
  const kind = useSignal<"all" | Kind>("all");
  const shown = useSignal(FIRST);
  const fitting = items.filter((item) => kind.value === "all" || item.kind === kind.value);
  const rest = fitting.length - shown.value;
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item.kind, (counts.get(item.kind) ?? 0) + 1);
  return (
    <section aria-labelledby="evidence-title">
      <h2 class="section-title" id="evidence-title">
        {t("aspect.evidence")}
      </h2>
      {items.length === 0 ? (
        <StateMessage
          title={t("aspect.no_evidence")}
          help={t("aspect.no_evidence_help")}
          icon="leaf"
        />
      ) : (
        <Filter
          chosen={kind.value}
          counts={counts}
          onChoose={(next) => {
            kind.value = next;
            shown.value = FIRST;
          }}
        />
      )}
      <ol class="timeline" data-testid="evidence">
        {fitting.slice(0, shown.value).map((item) => {
          const View = VIEW[item.kind];
          return <View key={idOf(item)} item={item} />;
        })}
      </ol>
      {rest > 0 ? (
        <button
          type="button"
          class="button button-wide"
          onClick={() => {
            shown.value += 50;
          }}
        >
          {t("aspect.more", { count: rest })}
        </button>
      ) : null}
    </section>
  );
}
