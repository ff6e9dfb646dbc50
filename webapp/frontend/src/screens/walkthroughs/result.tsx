import type { VNode } from "preact";
import { Icon, type IconName } from "../../components/icons";
import { t } from "../../i18n/t";
import { photoState, rows, summary, whereabouts } from "../../sync/status";
import { capturesOf } from "../../work/store";
import type { Inspection } from "../../work/types";
import { ReportLink } from "./cards";

interface Verdict {
  name: "phone" | "sending" | "attention" | "photos" | "awaited" | "complete";
  title: string;
  help: string;
}

const VERDICT_ICON: Record<Verdict["name"], IconName> = {
  phone: "phone",
  sending: "up",
  attention: "attention",
  photos: "up",
  awaited: "clock",
  complete: "check",
};

function photosLeft(inspection: Inspection): number {
  const own = capturesOf(inspection.id).value.filter((capture) => capture.here);
  const left = own.filter((capture) => photoState(capture.sha256) !== "server");
  return new Set(left.map((capture) => capture.sha256)).size;
}

/** What may honestly be said of a finished walkthrough; "complete" is never said before the server said it. */
export function verdictOf(inspection: Inspection): Verdict {
  const { server, id } = inspection;
  const waiting = rows.value.filter((row) => row.inspection === id);
  if (whereabouts("inspection", id) === "attention")
    return {
      name: "attention",
      title: t("result.attention"),
      help: t("result.attention_help"),
    };
  const onlyPhotos = waiting.every((row) => row.kind === "photo" || row.kind === "link");
  if (!server || server.state === "draft" || !onlyPhotos) {
    const sending = summary.value.state === "sending";
    return sending
      ? { name: "sending", title: t("result.sending"), help: t("result.sending_help") }
      : { name: "phone", title: t("result.phone"), help: t("result.phone_help") };
  }
  const left = photosLeft(inspection);
  if (left > 0)
    return {
      name: "photos",
      title: t("result.photos_left", { count: left }),
      help: t("result.photos_help"),
    };
  if (server.state !== "complete")
    return {
      name: "awaited",
      title: t("result.awaited", { count: Math.max(1, server.missing.length) }),
      help: t("result.awaited_help"),
    };
  return { name: "complete", title: t("result.complete"), help: t("result.complete_help") };
}

export function Result({ inspection }: { inspection: Inspection }): VNode {
  const verdict = verdictOf(inspection);
  return (
    <section
      class={`result result-${verdict.name}`}
      role="status"
      data-testid="result"
      data-state={verdict.name}
    >
      <span class="result-icon">
        <Icon name={VERDICT_ICON[verdict.name]} size={28} />
      </span>
      <div>
        <h2>{verdict.title}</h2>
        <p>{verdict.help}</p>
        <div class="button-row">
          <ReportLink inspection={inspection} words={t("result.report")} />
          <a class="button" href="/walkthroughs">
            {t("result.back")}
          </a>
        </div>
      </div>
    </section>
  );
}
