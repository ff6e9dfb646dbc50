import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Camera } from "../../components/camera";
import { Icon } from "../../components/icons";
import { OutcomeMark } from "../../components/outcome-mark";
import { t } from "../../i18n/t";
import { useKeys } from "../../lib/keys";
import { allItems, type Found } from "../../lib/template";
import { QUESTIONS } from "../../questions";
import { findingPath, itemPath, navigate, walkthroughPath } from "../../router";
import { author } from "../../store/author";
import { isWhole, outcomeOf } from "../../work/outcome";
import { noteLastItem } from "../../work/record";
import type { Inspection } from "../../work/types";
import { Belongs } from "./belongs";
import { ItemBar } from "./item-bar";
import { type ItemView, useItem } from "./item-view";
import { NeededNote, ReasonNote } from "./note";
import { isDraft, placeName, UpLink, WhyReadOnly } from "./parts";
import { Photos } from "./photos";
import { PositionLine } from "./position-card";
import { SavedLine } from "./saved-line";
import { TwoHeads } from "./two-heads";

function Head({ inspection, found }: { inspection: Inspection; found: Found }): VNode {
  const total = allItems(inspection.template.content).length;
  const { index } = found;
  return (
    <div class="item-head">
      <UpLink to={walkthroughPath(inspection.id)}>{t("walk.overview")}</UpLink>
      <Steps inspection={inspection} index={index} total={total} />
    </div>
  );
}

function neighbour(inspection: Inspection, index: number): string | null {
  const other = allItems(inspection.template.content)[index];
  return other ? itemPath(inspection.id, other.item.id) : null;
}

function Steps({
  inspection,
  index,
  total,
}: {
  inspection: Inspection;
  index: number;
  total: number;
}): VNode {
  const before = neighbour(inspection, index - 1);
  const after = neighbour(inspection, index + 1);
  useKeys((key) => {
    const to = key === "ArrowLeft" ? before : key === "ArrowRight" ? after : null;
    if (to) navigate(to);
    return to !== null;
  });
  return (
    <nav class="steps" aria-label={t("item.position", { number: index + 1, total })}>
      <Step to={before} name={t("item.previous")} icon="back" />
      <span class="steps-count">{t("item.position", { number: index + 1, total })}</span>
      <Step to={after} name={t("item.next")} icon="forward" />
    </nav>
  );
}

function Step({
  to,
  name,
  icon,
}: {
  to: string | null;
  name: string;
  icon: "back" | "forward";
}): VNode {
  if (!to) return <span class="icon-button is-off" aria-hidden="true" />;
  return (
    <a class="icon-button" href={to} aria-label={name} data-testid={`step-${icon}`}>
      <Icon name={icon} />
    </a>
  );
}

type Need = "note" | "reason" | "photo" | null;

function needOf({ answer, found }: ItemView): { words: Need; photo: boolean } {
  const { item } = found;
  const outcome = answer ? outcomeOf(item, [answer]) : "unanswered";
  const words =
    outcome === "na" ? "reason" : outcome === "fail" && item.note === "on_fail" ? "note" : null;
  const photo = item.type !== "photo" && isWhole({ ...item, note: "optional" }, answer) === "photo";
  return { words, photo };
}

/** What a failed or skipped check still needs, asked where it was answered, and brought into sight. */
function Needed({ view }: { view: ItemView }): VNode | null {
  const { answer, recorder, input } = view;
  const { words, photo } = needOf(view);
  const place = useRef<HTMLDivElement>(null);
  const asks = words !== null || photo;
  useEffect(() => {
    // Only after a tap: who opens the question reads it first.
    if (asks && recorder.state.peek().kind !== "idle")
      place.current?.scrollIntoView({ block: "nearest" });
  }, [asks]);
  if (!asks) return null;
  const note = { answer, draft: input.draft, save: recorder.save };
  return (
    <div class="stack needs" ref={place}>
      {words === "note" ? <NeededNote {...note} /> : null}
      {words === "reason" ? <ReasonNote {...note} /> : null}
      {photo ? (
        <div class="needed" data-testid="needed-photo">
          <p class="lack">
            <Icon name="camera" size={20} />
            {t("photo.needed")}
          </p>
          <Camera target={input.target} sources={["camera"]} large />
        </div>
      ) : null}
    </div>
  );
}

function NoteText({ view }: { view: ItemView }): VNode | null {
  // Where words are asked for they stand in their field already.
  if (!view.answer?.note || needOf(view).words !== null) return null;
  return <blockquote class="step-note item-note">{view.answer.note}</blockquote>;
}

function Evidence({ view, recording }: { view: ItemView; recording: boolean }): VNode {
  const { inspection, found, answers, input } = view;
  const photos = [...new Set(answers.flatMap((answer) => answer.photos))];
  const gallery = recording && input.gallery && found.item.type !== "photo";
  return (
    <>
      <Photos inspection={inspection.id} photos={photos} of={found.item.question} />
      {gallery ? <Camera target={input.target} sources={["gallery"]} /> : null}
    </>
  );
}

function Question({ view, recording }: { view: ItemView; recording: boolean }): VNode {
  const { found, answer, answers, recorder } = view;
  const { item, section } = found;
  return (
    <div class="question">
      {placeName(section.location) === section.title ? null : (
        <p class="overline">{section.title}</p>
      )}
      <h1>{item.question}</h1>
      {item.help ? <p class="question-help">{item.help}</p> : null}
      {item.required ? null : <p class="quiet">{t("item.optional")}</p>}
      <Belongs
        aspect={answer ? answer.aspect : item.aspect}
        location={answer ? answer.location : section.location}
        onChange={
          recording
            ? ({ aspect, location }) => {
                if (location !== (answer ? answer.location : section.location))
                  void recorder.move(location);
                else void recorder.save({ aspect });
              }
            : null
        }
      />
      <TwoHeads item={item} found={answers} save={recording ? recorder.save : null} />
      <NoteText view={view} />
      <Evidence view={view} recording={recording} />
    </div>
  );
}

function ReadOnlyAnswer({ view, draft }: { view: ItemView; draft: boolean }): VNode {
  const { item } = view.found;
  const words = view.answer ? QUESTIONS[item.type].text(item, view.answer) : "";
  return (
    <div class="card read-answer">
      <OutcomeMark outcome={outcomeOf(item, view.answers)} />
      {item.type !== "check" && words ? <p class="read-words">{words}</p> : null}
      <SavedLine recorder={view.recorder} answer={view.answer} readOnly />
      {draft ? <WhyReadOnly /> : null}
    </div>
  );
}

function Answering({ view }: { view: ItemView }): VNode {
  const { item } = view.found;
  const { Input, keys } = QUESTIONS[item.type];
  return (
    <div class="question-answer">
      <SavedLine recorder={view.recorder} answer={view.answer} />
      <Input {...view.input} />
      <Needed view={view} />
      <p class="keys-hint">{keys(item)}</p>
      <PositionLine />
    </div>
  );
}

/** One question: read above, answered under the thumb. */
export function ItemScreen({ inspection, found }: { inspection: Inspection; found: Found }): VNode {
  const view = useItem(inspection, found);
  const recording = isDraft(inspection) && author.value !== null;
  const open = useSignal(false);
  const { id } = found.item;
  useEffect(() => {
    if (recording) void noteLastItem(inspection.id, id).catch(() => undefined);
  }, [inspection.id, id, recording]);
  return (
    <article class="item-page">
      <Head inspection={inspection} found={found} />
      <Question view={view} recording={recording} />
      {recording ? (
        <Answering view={view} />
      ) : (
        <ReadOnlyAnswer view={view} draft={isDraft(inspection)} />
      )}
      <ItemBar
        view={view}
        recording={recording}
        noteOpen={open}
        findingHref={findingPath(inspection.id, null, id)}
      />
    </article>
  );
}
