import type { Collector, CollectorEvent, CollectorOutbox } from "../../api/types";
import { formatSpan, formatWhen } from "../../i18n/format";
import { t, tData } from "../../i18n/t";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";

/** `grave`: readings do not arrive or are not kept. Otherwise something waits, and is not lost. */
export interface Problem {
  grave: boolean;
  title: string;
  note: string;
  todo: string;
  said?: string;
}

const BEHIND_S = 60;
const EVENTS_SHOWN = 3;

const when = (at: string): string => formatWhen(Date.parse(at), zone.value, serverNow());

/** The worst first. Of a silent collector only that is known: the rest is as old as its last word. */
export function problemsOf(collector: Collector): Problem[] {
  if (collector.state === "silent") return [silence(collector)];
  return [
    ...troubles(collector),
    ...brokersAway(collector),
    ...(collector.outbox ?? []).filter(isBehind).map(behind),
  ];
}

export const isGrave = (collector: Collector): boolean =>
  problemsOf(collector).some((problem) => problem.grave);

function silence({ last_seen_at, trouble }: Collector): Problem {
  const title = t("collection.silent", { time: last_seen_at ? when(last_seen_at) : "—" });
  const note = t("collection.waits");
  const todo = t("collection.silent_todo");
  if (!trouble) return { grave: true, title, note, todo };
  const why = tData("collection.why", trouble.kind);
  return {
    grave: true,
    title,
    note: `${t("collection.silent_before", { why })} ${note}`,
    todo: `${tData("collection.todo", trouble.kind)} ${todo}`,
  };
}

function troubles({ trouble }: Collector): Problem[] {
  if (!trouble) return [];
  const since = trouble.since ? t("collection.trouble_since", { time: when(trouble.since) }) : "";
  return [
    {
      grave: true,
      title: t("collection.trouble", { why: tData("collection.why", trouble.kind) }),
      note: `${since} ${t("collection.waits")}`.trim(),
      todo: tData("collection.todo", trouble.kind),
      said: trouble.detail,
    },
  ];
}

function brokersAway({ connected, brokers = [] }: Collector): Problem[] {
  const away = brokers.filter((broker) => !broker.connected);
  const titles = away.map((broker) => t("collection.disconnected", { broker: broker.name }));
  if (titles.length === 0 && !connected) titles.push(t("collection.not_connected"));
  return titles.map((title) => ({
    grave: true,
    title,
    note: t("collection.disconnected_note"),
    todo: t("collection.disconnected_todo"),
  }));
}

/** A handful that waits for a moment is no news. */
const isBehind = ({ depth, age_s, error }: CollectorOutbox): boolean =>
  depth > 0 && (age_s >= BEHIND_S || error !== null);

function behind({ destination, age_s, error }: CollectorOutbox): Problem {
  const where = tData("collection.where", destination);
  return {
    grave: false,
    title: t("collection.behind", { where, span: formatSpan(age_s) }),
    // Without an error it is catching up, and there is nothing to do.
    note: error === null ? t("collection.behind_moving") : t("collection.behind_note"),
    todo: error === null ? "" : tData("collection.behind_todo", destination),
    ...(error === null ? {} : { said: error }),
  };
}

/** Only what a person can act on or take comfort from; beside a failure a count is no comfort. */
export function remarksOf(collector: Collector): string[] {
  const lines: string[] = [];
  if (collector.received && !isGrave(collector))
    lines.push(t("collection.received", { count: collector.received }));
  for (const { destination, parked } of collector.outbox ?? []) {
    const where = tData("collection.where", destination);
    if (parked) lines.push(t("collection.parked", { count: parked, where }));
  }
  if (collector.dead_letters) lines.push(t("collection.dead", { count: collector.dead_letters }));
  if (!collector.durable_broker) lines.push(t("collection.demo_broker"));
  return lines;
}

export interface Told {
  id: string;
  text: string;
  /** The server's own words, where they say more than ours. */
  detail: string;
}

/** What happened to the stream lately. */
export const eventsOf = (collector: Collector): Told[] =>
  (collector.events ?? []).slice(0, EVENTS_SHOWN).map(told);

function told({ id, kind, detail, started_at, ended_at }: CollectorEvent): Told {
  const from = when(started_at);
  const until = when(ended_at);
  if (kind === "storage_trouble") {
    const why = tData("collection.why", detail.split(":")[0] ?? "");
    const span = { from, until: endOf(started_at, ended_at), why };
    return { id, detail: "", text: t("collection.event.storage_trouble", span) };
  }
  if (kind === "database_set_aside")
    return { id, detail: "", text: t("collection.event.database_set_aside", { until }) };
  if (kind === "possible_loss") {
    const span = { from, until: endOf(started_at, ended_at) };
    return { id, detail, text: t("collection.event.possible_loss", span) };
  }
  // Of a server that knows more kinds than this version.
  return { id, detail, text: `${tData("collection.event", kind)}, ${until}` };
}

/** The day is not said twice. */
const endOf = (from: string, until: string): string =>
  formatWhen(Date.parse(until), zone.value, Date.parse(from));
