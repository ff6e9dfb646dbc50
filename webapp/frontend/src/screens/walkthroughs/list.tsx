import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { author, insecure } from "../../store/author";
import { mayRecord, paused, site } from "../../store/session";
import type { KnownPlace } from "../../work/reference";
import { inspections, places, workFault } from "../../work/store";
import type { Inspection } from "../../work/types";
import { DoneCard, DraftCard } from "./cards";
import { DevicesHere } from "./devices-here";
import { workWithin } from "./here";
import { InsecureWalks, isDraft } from "./parts";
import { PlaceHead } from "./place-head";
import { Templates } from "./templates";

const SHOWN_DONE = 8;

interface DraftsProps {
  items: Inspection[];
  title: "walks.drafts" | "here.drafts" | "here.other_drafts";
  place?: KnownPlace | null;
}

function Drafts({ items, title, place = null }: DraftsProps): VNode | null {
  if (items.length === 0) return null;
  return (
    <section aria-labelledby={title}>
      <h2 class="section-title" id={title}>
        {t(title)} <span class="tab-count">{items.length}</span>
      </h2>
      <ul class="cards">
        {items.map((inspection) => (
          <DraftCard
            key={inspection.id}
            inspection={inspection}
            here={place ? workWithin(inspection, place) : null}
          />
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

interface AtPlaceProps {
  place: KnownPlace;
  drafts: Inspection[];
  /** Whether one may begin a walkthrough. */
  start: boolean;
}

/** What can be done where one stands comes first, then what is measured there, then all the rest. */
function AtPlace({ place, drafts, start }: AtPlaceProps): VNode {
  const isHere = (draft: Inspection): boolean => workWithin(draft, place).next !== null;
  const rest = drafts.filter((draft) => !isHere(draft));
  return (
    <>
      <Drafts title="here.drafts" items={drafts.filter(isHere)} place={place} />
      {start ? <Templates place={place} /> : null}
      <DevicesHere place={place} />
      <Drafts title="here.other_drafts" items={rest} />
      {start ? <Templates place={place} others /> : null}
    </>
  );
}

function Body({ place }: { place: KnownPlace | null }): VNode {
  const { drafts, done } = ofSite();
  const reader = !mayRecord.value;
  const start = !(reader || paused.value || insecure);
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
  if (reader && !place && drafts.length + done.length === 0)
    return (
      <StateMessage title={t("walks.auditor_none")} help={t("walks.auditor_help")} icon="walk" />
    );
  return (
    <div class="walks">
      <div class="walks-main">
        {insecure && !reader ? <InsecureWalks /> : null}
        {place ? (
          <AtPlace place={place} drafts={drafts} start={start} />
        ) : (
          <>
            <Drafts title="walks.drafts" items={drafts} />
            {start ? <Templates place={null} /> : null}
          </>
        )}
      </div>
      <div class="walks-side">
        <Done items={done} />
      </div>
    </div>
  );
}

/** `location`: where one stands, as a scanned label says. */
export function WalkList({ location }: { location: string | null }): VNode {
  const place = location ? (places.value.get(location) ?? null) : null;
  return (
    <>
      <div class="page-head">
        <h1>{t("walks.title")}</h1>
      </div>
      {mayRecord.value ? null : <p class="read-only">{t("walk.auditor")}</p>}
      {location ? <PlaceHead place={place} /> : null}
      <Body place={place} />
    </>
  );
}
