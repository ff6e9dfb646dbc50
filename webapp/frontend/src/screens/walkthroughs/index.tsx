import "../../styles/marks.css";
import "../../styles/walk.css";
import "../../styles/overview.css";
import "../../styles/questions.css";
import "../../styles/recording.css";
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Loading, RetryState, StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { followPosition } from "../../lib/position";
import { findItem } from "../../lib/template";
import { type Route, walkthroughPath } from "../../router";
import { author, learnDevice } from "../../store/author";
import { isDown, liveState } from "../../store/live";
import { inspections, openInspection } from "../../work/store";
import type { Inspection } from "../../work/types";
import { FindingScreen } from "./finding";
import { Finish } from "./finish";
import { ItemScreen } from "./item";
import { WalkList } from "./list";
import { Overview } from "./overview";
import { isDraft } from "./parts";
import { Returned } from "./returned";

type Inside = Extract<Route, { id: string }>;

function ItemRoute({ inspection, item }: { inspection: Inspection; item: string }): VNode {
  const found = findItem(inspection.template.content, item);
  if (found) return <ItemScreen key={item} inspection={inspection} found={found} />;
  return (
    <StateMessage alone title={t("item.unknown")} help={t("item.unknown_help")} icon="search">
      <a class="button" href={walkthroughPath(inspection.id)}>
        {t("walk.overview")}
      </a>
    </StateMessage>
  );
}

function Part({ at, inspection }: { at: Inside; inspection: Inspection }): VNode {
  switch (at.screen) {
    case "item":
      return <ItemRoute inspection={inspection} item={at.item} />;
    case "finding":
      return <FindingScreen inspection={inspection} finding={at.finding} item={at.item} />;
    case "finish":
      return <Finish inspection={inspection} />;
    default:
      return <Overview inspection={inspection} />;
  }
}

function Missing({ onRetry }: { onRetry: () => void }): VNode {
  if (isDown(liveState.value))
    return (
      <RetryState title={t("offline.title")} help={t("walk.unknown_offline")} onRetry={onRetry} />
    );
  return (
    <StateMessage alone title={t("walk.unknown")} help={t("walk.unknown_help")} icon="search">
      <a class="button" href="/walkthroughs">
        {t("walk.all")}
      </a>
    </StateMessage>
  );
}

/** The position is followed while a walkthrough is open, and by nobody who only reads. */
function usePosition(recording: boolean): void {
  useEffect(() => (recording ? followPosition() : undefined), [recording]);
}

function One({ at }: { at: Inside }): VNode {
  const tried = useSignal(false);
  const load = async (): Promise<void> => {
    tried.value = false;
    await openInspection(at.id).catch(() => undefined);
    tried.value = true;
  };
  useEffect(() => void load(), [at.id]);
  const inspection = inspections.value.get(at.id);
  usePosition(inspection !== undefined && isDraft(inspection) && author.value !== null);
  if (inspection)
    return (
      <>
        <Returned inspection={inspection.id} />
        <Part at={at} inspection={inspection} />
      </>
    );
  return tried.value ? <Missing onRetry={() => void load()} /> : <Loading rows={5} />;
}

/** Everything about walkthroughs: one part of the app, loaded when it is first opened. */
export default function Walkthroughs({ at }: { at: Route }): VNode {
  useEffect(() => void learnDevice(), []);
  if (at.screen === "walkthroughs") return <WalkList key={at.location} location={at.location} />;
  return <One key={(at as Inside).id} at={at as Inside} />;
}
