import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { formatClock, formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { findItem } from "../lib/template";
import { serverNow } from "../store/clock";
import { zone } from "../store/session";
import { retry } from "../sync/engine";
import { waitsForPerson } from "../sync/outbox";
import { rows, summary, whereabouts } from "../sync/status";
import { answersOf, capturesOf, findingsOf, inspections, openInspection } from "../work/store";
import type { OutboxRow } from "../work/types";
import { PhotoThumb } from "./photo-thumb";
import { Where } from "./where";

function questionOf(inspection: string | null, item: string | null): string | null {
  const known = inspection ? inspections.value.get(inspection) : undefined;
  return known && item ? (findItem(known.template.content, item)?.item.question ?? null) : null;
}

function photoText(row: OutboxRow): string {
  const capture = row.inspection
    ? capturesOf(row.inspection).value.find((one) => one.sha256 === row.ref)
    : undefined;
  const question = questionOf(row.inspection, capture?.item ?? null);
  return question ? t("sync.row.photo", { question }) : t("sync.row.photo_plain");
}

function answerText(row: OutboxRow): string {
  const answer = row.inspection
    ? answersOf(row.inspection).value.find((one) => one.id === row.ref)
    : undefined;
  return t("sync.row.answer", {
    question: questionOf(row.inspection, answer?.item ?? null) ?? "…",
  });
}

function findingText(row: OutboxRow): string {
  const found = row.inspection
    ? findingsOf(row.inspection).value.find((one) => one.id === row.ref)
    : undefined;
  return found?.text ? t("sync.row.finding", { text: found.text }) : t("sync.row.finding_untold");
}

export function rowText(row: OutboxRow): string {
  switch (row.kind) {
    case "photo":
      return photoText(row);
    case "answer":
      return answerText(row);
    case "finding":
      return findingText(row);
    default:
      return t(`sync.row.${row.kind}`);
  }
}

const BY_STATUS: Record<
  number,
  "forbidden" | "gone" | "conflict" | "stale" | "too-large" | "not-a-photo"
> = {
  403: "forbidden",
  404: "gone",
  409: "conflict",
  412: "stale",
  413: "too-large",
  415: "not-a-photo",
};

/** What a refusal means, in words of the field; the server's own sentence goes below it. */
export function problemText(status: number, code = ""): string {
  if (code === "photo_missing") return t("problem.photo-lost");
  return t(`problem.${BY_STATUS[status] ?? "refused"}`);
}

/** What the phone found out by itself has no status, and is not the server's sentence. */
const detailText = ({ status, detail }: NonNullable<OutboxRow["problem"]>): string =>
  status > 0 ? t("problem.detail", { detail }) : detail;

/** Why this one has not gone yet. Somebody else's work waits for that person, whoever is signed in. */
export function whyText(row: OutboxRow): string {
  const { pause, nextTry, others } = summary.value;
  if (whereabouts(row.kind, row.ref) === "sending") return t("where.sending");
  const { name, id } = row.author;
  const first = waitsForPerson(row, rows.value);
  if (first) return t("sync.why.other-person", { name: first.name });
  if (others.some(({ author }) => author.id === id)) return t("sync.why.other-person", { name });
  if (pause === "signed-out" || pause === "other-person") return t(`sync.why.${pause}`, { name });
  if (pause) return t(`sync.why.${pause}`);
  return nextTry ? t("sync.next", { time: formatClock(nextTry, zone.value) }) : t("sync.waiting");
}

function Reason({ row }: { row: OutboxRow }): VNode {
  if (row.state === "refused" && row.problem) {
    return (
      <>
        <p class="sync-problem">{problemText(row.problem.status, row.problem.code)}</p>
        {row.problem.detail ? <p class="quiet">{detailText(row.problem)}</p> : null}
        <button type="button" class="button" onClick={() => void retry(row.key)}>
          {t("sync.retry_one")}
        </button>
      </>
    );
  }
  return <p class="quiet">{whyText(row)}</p>;
}

function Row({ row }: { row: OutboxRow }): VNode {
  return (
    <li class={`sync-row sync-row-${row.state}`}>
      {row.kind === "photo" ? <PhotoThumb sha256={row.ref} alt="" /> : null}
      <div class="sync-row-main">
        <p class="sync-row-text">{rowText(row)}</p>
        <Reason row={row} />
      </div>
      <Where kind={row.kind} id={row.ref} compact />
    </li>
  );
}

function Group({ id, items }: { id: string; items: OutboxRow[] }): VNode {
  const inspection = inspections.value.get(id);
  const author = items[0]?.author.name ?? "";
  const when = inspection ? formatWhen(inspection.startedAt, zone.value, serverNow()) : "";
  return (
    <section class="sync-group">
      <h3>{inspection?.template.title ?? t("sync.no_walkthrough")}</h3>
      <p class="quiet">{[when, t("sync.by", { name: author })].filter(Boolean).join(" · ")}</p>
      <ul>
        {items.map((row) => (
          <Row key={row.key} row={row} />
        ))}
      </ul>
    </section>
  );
}

/** What waits, by walkthrough, in the order in which it goes; what needs a person comes first. */
export function SyncRows(): VNode {
  const groups = new Map<string, OutboxRow[]>();
  const order = [...rows.value].sort(
    (a, b) => Number(b.state === "refused") - Number(a.state === "refused") || a.seq - b.seq,
  );
  for (const row of order) {
    const id = row.inspection ?? "";
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  const ids = [...groups.keys()];
  useEffect(() => {
    for (const id of ids) if (id) void openInspection(id).catch(() => undefined);
  }, [ids.join()]);
  return (
    <>
      {[...groups].map(([id, items]) => (
        <Group key={id} id={id} items={items} />
      ))}
    </>
  );
}
