import type { VNode } from "preact";
import { Camera } from "../../components/camera";
import { Icon } from "../../components/icons";
import { StateMessage } from "../../components/states";
import { Where } from "../../components/where";
import { formatClock, formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { findItem } from "../../lib/template";
import { useTyped } from "../../lib/typing";
import { goBack, walkthroughPath } from "../../router";
import { author } from "../../store/author";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import type { CaptureTarget } from "../../work/capture";
import type { FindingKind, Inspection } from "../../work/types";
import { Belongs } from "./belongs";
import { type FindingRecorder, useFinding } from "./finding-record";
import { KINDS, KindTag } from "./findings";
import { isDraft, UpLink } from "./parts";
import { Photos } from "./photos";

const REST_MS = 300;

function Kinds({ record }: { record: FindingRecorder }): VNode {
  const { kind } = record.parts.value;
  const choose = (next: FindingKind): void => void record.save({ kind: next });
  return (
    <fieldset class="kinds">
      <legend class="field-label">{t("finding.kind")}</legend>
      {KINDS.map((name) => (
        <label key={name} class={`kind-choice kind-${name}`}>
          <input
            type="radio"
            name="kind"
            value={name}
            data-testid={`kind-${name}`}
            checked={kind === name}
            onChange={() => choose(name)}
          />
          <span>{t(`finding.kind.${name}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Words({ record }: { record: FindingRecorder }): VNode {
  const typed = useTyped({
    name: `draft.finding.${record.id}`,
    stored: record.known?.text ?? "",
    save: (text) => record.save({ text }),
    delay: REST_MS,
  });
  return (
    <label class="field">
      <span class="field-label">{t("finding.text")}</span>
      <textarea
        class="input"
        rows={4}
        maxLength={5000}
        data-testid="finding-text"
        value={typed.text.value}
        onInput={(event) => typed.input(event.currentTarget.value)}
        onBlur={typed.flush}
      />
      <span class="field-hint">{t(record.known ? "finding.hint" : "finding.empty")}</span>
    </label>
  );
}

function Saved({ record }: { record: FindingRecorder }): VNode | null {
  const state = record.state.value;
  if (state.kind === "failed") {
    return (
      <p class="form-error" role="alert" data-testid="save-failed">
        {state.why}
      </p>
    );
  }
  return (
    <p class="saved" role="status" data-testid="saved" data-state={state.kind}>
      {state.kind === "saved" ? (
        <span>{t("item.saved", { time: formatClock(state.at, zone.value) })}</span>
      ) : null}
      {record.known ? <Where kind="finding" id={record.known.id} /> : null}
    </p>
  );
}

function At({ inspection, item }: { inspection: Inspection; item: string | null }): VNode | null {
  const found = item ? findItem(inspection.template.content, item) : null;
  return found ? <p class="quiet">{t("finding.at", { question: found.item.question })}</p> : null;
}

interface Props {
  inspection: Inspection;
  record: FindingRecorder;
}

function Form({ inspection, record }: Props): VNode {
  const { aspect, location, item } = record.parts.value;
  const target = (source: CaptureTarget["source"]): CaptureTarget => ({
    inspection: inspection.id,
    site: inspection.site,
    item,
    finding: record.known ? record.id : null,
    aspect,
    location,
    source,
    author: author.value ?? inspection.author,
  });
  const prepare = async (wanted: CaptureTarget): Promise<CaptureTarget | null> =>
    wanted.finding || (await record.save({})) ? { ...wanted, finding: record.id } : null;
  const sources: CaptureTarget["source"][] = inspection.template.content.gallery
    ? ["camera", "gallery"]
    : ["camera"];
  return (
    <>
      <Words record={record} />
      <div>
        <p class="field-label">{t("finding.photos")}</p>
        <Photos
          inspection={inspection.id}
          photos={record.known?.photos ?? []}
          of={record.parts.value.text || t("finding.title")}
        />
        <Camera target={target} prepare={prepare} sources={sources} large />
      </div>
      <Kinds record={record} />
      <Belongs aspect={aspect} location={location} onChange={(to) => void record.save(to)} />
    </>
  );
}

function Facts({ inspection, record }: Props): VNode {
  const { known } = record;
  const { kind, text, aspect, location } = record.parts.value;
  return (
    <div class="card stack">
      <p>
        <KindTag kind={kind} />
      </p>
      <p class="finding-words">{text || t("finding.untold")}</p>
      <Photos inspection={inspection.id} photos={known?.photos ?? []} of={text} />
      <Belongs aspect={aspect} location={location} onChange={null} />
      {known ? (
        <p class="quiet">
          {known.author.name}, {formatWhen(known.foundAt, zone.value, serverNow())}
        </p>
      ) : null}
    </div>
  );
}

export function FindingScreen({
  inspection,
  finding,
  item,
}: {
  inspection: Inspection;
  finding: string | null;
  item: string | null;
}): VNode {
  const record = useFinding(inspection, finding, item);
  const recording = isDraft(inspection) && author.value !== null;
  const back = walkthroughPath(inspection.id);
  if (!recording && !record.known)
    return <StateMessage alone title={t("finding.unknown")} icon="search" />;
  return (
    <article class="finding-page">
      <UpLink to={back}>{t("walk.overview")}</UpLink>
      <h1>{t(record.known ? "finding.title" : "finding.new")}</h1>
      <At inspection={inspection} item={record.parts.value.item} />
      {recording ? (
        <Form inspection={inspection} record={record} />
      ) : (
        <Facts inspection={inspection} record={record} />
      )}
      {recording ? (
        <div class="action-bar item-bar">
          <Saved record={record} />
          <button
            type="button"
            class="button button-primary button-large"
            data-testid="finding-done"
            onClick={() => goBack(back)}
          >
            <Icon name="check" />
            {t("finding.done")}
          </button>
        </div>
      ) : null}
    </article>
  );
}
