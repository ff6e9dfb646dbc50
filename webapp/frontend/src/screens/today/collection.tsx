import { computed } from "@preact/signals";
import type { VNode } from "preact";
import type { Collector } from "../../api/types";
import { Icon } from "../../components/icons";
import { t } from "../../i18n/t";
import { collectors } from "../../store/site-state";
import { eventsOf, isGrave, type Problem, problemsOf, remarksOf } from "./collector-text";

/** Readings do not arrive, or are not kept: that goes before everything else. */
export const collectionFails = computed(() => (collectors.state.value.data ?? []).some(isGrave));

function ProblemText({ problem }: { problem: Problem }): VNode {
  return (
    <div class="collector-problem">
      <p class={problem.grave ? "collector-state is-problem" : "collector-state is-waiting"}>
        <Icon name={problem.grave ? "attention" : "clock"} size={20} />
        <strong>{problem.title}</strong>
      </p>
      <p>{problem.note}</p>
      {problem.todo ? (
        <p>
          <strong>{t("collection.todo")}</strong> {problem.todo}
        </p>
      ) : null}
      {problem.said ? (
        <p class="quiet collector-said">{t("collection.said", { words: problem.said })}</p>
      ) : null}
    </div>
  );
}

function CollectorItem({ collector, named }: { collector: Collector; named: boolean }): VNode {
  const problems = problemsOf(collector);
  return (
    <li class="collector">
      {named ? <h3 class="collector-name">{collector.id}</h3> : null}
      {problems.some((problem) => problem.grave) ? null : (
        <p class="collector-state is-good">
          <Icon name="check" size={20} />
          <strong>{t("collection.running")}</strong>
        </p>
      )}
      {problems.map((problem) => (
        <ProblemText key={problem.title} problem={problem} />
      ))}
      {remarksOf(collector).map((line) => (
        <p key={line} class="quiet">
          {line}
        </p>
      ))}
      {eventsOf(collector).map((event) => (
        <p key={event.id} class="quiet collector-event">
          {event.detail ? <strong>{event.text}:</strong> : event.text} {event.detail}
        </p>
      ))}
    </li>
  );
}

export function Collection(): VNode | null {
  const items = collectors.state.value.data ?? [];
  if (items.length === 0) return null;
  const worst = items.filter((collector) => problemsOf(collector).length > 0);
  const others = items.filter((collector) => !worst.includes(collector));
  return (
    <section class="card" aria-labelledby="collection-title">
      <h2 class="card-title" id="collection-title">
        <Icon name="server" size={20} />
        {t("collection.title")}
      </h2>
      <ul class="collectors">
        {[...worst, ...others].map((collector) => (
          <CollectorItem key={collector.id} collector={collector} named={items.length > 1} />
        ))}
      </ul>
    </section>
  );
}
