import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import type { Point } from "../api/types";
import { PointRow } from "../components/point-row";
import { SearchField } from "../components/search-field";
import { Loading, RetryState, StateMessage } from "../components/states";
import { t } from "../i18n/t";
import { worstByPoint } from "../store/alarms";
import { wakeLive } from "../store/live";
import {
  byPlace,
  type PlaceGroup,
  type PointSignal,
  points,
  pointsFailure,
  pointsStatus,
  troubledPoints,
} from "../store/points";

function words(point: Point): string {
  const parts = [
    point.label,
    point.device_name,
    point.device,
    point.metric,
    point.aspect?.name,
    point.location?.path,
  ];
  return parts.filter(Boolean).join(" ").toLowerCase();
}

function matching(
  groups: PlaceGroup[],
  text: string,
  keep: ((item: PointSignal) => boolean) | null,
): PlaceGroup[] {
  const wanted = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (item: PointSignal): boolean => {
    const haystack = words(item.peek());
    return wanted.every((word) => haystack.includes(word)) && (keep?.(item) ?? true);
  };
  return groups
    .map((group) => ({ ...group, points: group.points.filter(fits) }))
    .filter((group) => group.points.length > 0);
}

function needsAttention(): (item: PointSignal) => boolean {
  const alarms = worstByPoint.value;
  const troubled = new Set(troubledPoints.value);
  return (item) => troubled.has(item) || alarms.has(item.peek().point);
}

function Group({ group }: { group: PlaceGroup }): VNode {
  const title = group.path ?? t("live.no_place");
  const steps = title.split(" / ");
  const last = steps.pop() ?? title;
  return (
    <section class="place" aria-label={title}>
      <h2 class="place-title">
        {steps.length > 0 ? <span class="place-path">{steps.join(" / ")} / </span> : null}
        {last}
      </h2>
      <ul class="rows">
        {group.points.map((item) => (
          <PointRow key={item.peek().point} item={item} />
        ))}
      </ul>
    </section>
  );
}

interface FilterProps {
  text: string;
  only: boolean;
  onText: (text: string) => void;
  onOnly: (only: boolean) => void;
}

function FilterBar({ text, only, onText, onOnly }: FilterProps): VNode {
  return (
    <search class="filter">
      <SearchField
        label={t("live.filter")}
        hint={t("live.filter_hint")}
        text={text}
        onText={onText}
      />
      <label class="toggle">
        <input
          type="checkbox"
          checked={only}
          onChange={(event) => onOnly(event.currentTarget.checked)}
        />
        <span>{t("live.only_attention")}</span>
      </label>
    </search>
  );
}

function Groups(): VNode {
  const text = useSignal("");
  const only = useSignal(false);
  const groups = matching(byPlace.value, text.value, only.value ? needsAttention() : null);
  const clear = (): void => {
    text.value = "";
    only.value = false;
  };
  return (
    <>
      <FilterBar
        text={text.value}
        only={only.value}
        onText={(value) => {
          text.value = value;
        }}
        onOnly={(value) => {
          only.value = value;
        }}
      />
      {groups.length === 0 ? (
        <StateMessage
          title={text.value ? t("live.filter_none", { text: text.value }) : t("live.all_good")}
          icon={text.value ? "search" : "check"}
          tone={text.value ? "calm" : "good"}
        >
          <button type="button" class="button" onClick={clear}>
            {t("live.filter_clear")}
          </button>
        </StateMessage>
      ) : null}
      <div class="places">
        {groups.map((group) => (
          <Group key={group.id} group={group} />
        ))}
      </div>
    </>
  );
}

export function loadFailureText(): { title: string; help: string } {
  if (pointsFailure.value === "server")
    return { title: t("failing.title"), help: t("load.server_help") };
  return { title: t("offline.title"), help: t("offline.nothing") };
}

function Body(): VNode {
  if (points.value.size > 0) return <Groups />;
  if (pointsStatus.value === "loading") return <Loading rows={6} />;
  if (pointsStatus.value === "failed")
    return <RetryState {...loadFailureText()} onRetry={wakeLive} />;
  return <StateMessage title={t("live.empty")} help={t("live.empty_help")} icon="live" />;
}

export function Live(): VNode {
  const count = points.value.size;
  return (
    <>
      <div class="page-head">
        <h1>{t("live.title")}</h1>
        {count > 0 ? <p class="quiet">{t("live.points", { count })}</p> : null}
      </div>
      <Body />
    </>
  );
}
