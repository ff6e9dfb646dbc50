import type { VNode } from "preact";
import type { Collector, CollectorEvent } from "../../api/types";
import { Icon } from "../../components/icons";
import { formatWhen } from "../../i18n/format";
import { t, tData } from "../../i18n/t";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import { collectors } from "../../store/site-state";

const BACKLOG = 100;
const LOSSES_SHOWN = 3;

function lossText(event: CollectorEvent): string {
  const when = (at: string): string => formatWhen(Date.parse(at), zone.value, serverNow());
  return t("today.collector_loss", { from: when(event.started_at), until: when(event.ended_at) });
}

function stateText(collector: Collector): string {
  if (collector.state === "silent") {
    const at = collector.last_seen_at;
    return t("today.collector_silent", {
      time: at ? formatWhen(Date.parse(at), zone.value, serverNow()) : "—",
    });
  }
  if (collector.trouble) {
    return t("today.collector_trouble", { why: tData("today.trouble", collector.trouble.kind) });
  }
  return collector.connected ? t("today.collector_running") : t("today.collector_disconnected");
}

/** Only what a person can act on or take comfort from; a handful of queued messages is neither. */
function details(collector: Collector): string[] {
  const lines: string[] = [];
  if (collector.trouble) lines.push(collector.trouble.detail);
  if (collector.received) lines.push(t("today.collector_received", { count: collector.received }));
  const backlog = collector.outbox_depth ?? 0;
  if (backlog >= BACKLOG) lines.push(t("today.collector_backlog", { count: backlog }));
  if (collector.dead_letters)
    lines.push(t("today.collector_dead", { count: collector.dead_letters }));
  if (!collector.durable_broker) lines.push(t("today.collector_demo_broker"));
  for (const event of (collector.events ?? []).slice(0, LOSSES_SHOWN)) {
    if (event.kind === "possible_loss") lines.push(lossText(event));
  }
  return lines;
}

export function Collection(): VNode | null {
  const items = collectors.state.value.data ?? [];
  if (items.length === 0) return null;
  return (
    <section class="card" aria-labelledby="collection-title">
      <h2 class="card-title" id="collection-title">
        <Icon name="server" size={20} />
        {t("today.collection")}
      </h2>
      <ul class="collectors">
        {items.map((collector) => {
          const good = collector.state === "running" && collector.connected && !collector.trouble;
          return (
            <li key={collector.id}>
              <p class={good ? "collector-state is-good" : "collector-state is-problem"}>
                <Icon name={good ? "check" : "offline"} size={20} />
                <strong>{stateText(collector)}</strong>
                {items.length > 1 ? <span class="quiet">{collector.id}</span> : null}
              </p>
              {details(collector).map((line) => (
                <p key={line} class="quiet">
                  {line}
                </p>
              ))}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
