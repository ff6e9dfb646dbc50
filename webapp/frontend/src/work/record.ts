import { uuid7 } from "../lib/uuid7";
import { announce } from "./changes";
import { type StoreName, write } from "./db";
import { circumstances } from "./device";
import { answerDigest, canHash, findingDigest } from "./digest";
import { RecordError } from "./errors";
import { heads } from "./outcome";
import { enqueue } from "./queue";
import { answerRows, findingRows, inspectionRow, isTakenByOther } from "./rows";
import { serially } from "./serial";
import type {
  Answer,
  Author,
  Finding,
  Inspection,
  Item,
  ReadingSnapshot,
  Template,
  Value,
} from "./types";
import { checkedText, checkedValue } from "./values";
import { whileWriting } from "./writing";

export { RecordError } from "./errors";
export { submitInspection } from "./submit";

export interface AnswerChange {
  value?: Value | null;
  note?: string;
  aspect?: string | null;
  reading?: ReadingSnapshot | null;
}

export type FindingDraft = Pick<
  Finding,
  "site" | "inspection" | "item" | "kind" | "text" | "aspect" | "location"
> & { id?: string };

const ANSWER_STORES: StoreName[] = ["inspections", "answers", "outbox", "meta"];

function mustHash(): void {
  if (!canHash()) throw new RecordError("insecure");
}

/** Read again: another tab, or the server's word, may have ended it since the screen was drawn. */
async function mustBeOpen(id: string): Promise<void> {
  const current = await inspectionRow(id);
  if (current && current.state !== "draft") throw new RecordError("submitted");
}

export async function startInspection(
  template: Template,
  site: string,
  author: Author,
): Promise<Inspection> {
  mustHash();
  const inspection: Inspection = {
    id: uuid7(),
    site,
    template,
    author,
    ...(await circumstances()),
    startedAt: Date.now(),
    state: "draft",
    submittedAt: null,
    lastItem: null,
    server: null,
  };
  await whileWriting([inspection.id], () =>
    write(["inspections", "outbox", "meta"], async (tx) => {
      await tx.objectStore("inspections").put(inspection, inspection.id);
      await enqueue(tx, {
        kind: "inspection",
        ref: inspection.id,
        inspection: inspection.id,
        author,
      });
    }),
  );
  return inspection;
}

export async function storeAnswer(answer: Answer): Promise<Answer> {
  const { id, inspection, author } = answer;
  await whileWriting([inspection], () =>
    write(ANSWER_STORES, async (tx) => {
      await tx.objectStore("answers").put(answer, id);
      await enqueue(tx, { kind: "answer", ref: id, inspection, author });
    }),
  );
  return answer;
}

type Content = Pick<Answer, "value" | "note" | "aspect" | "location" | "reading" | "photos">;

/** A version that knows what it replaces; not stored yet. */
export async function nextVersion(
  inspection: Inspection,
  item: string,
  replaced: Answer[],
  content: Content,
  author: Author,
): Promise<Answer> {
  const answer: Omit<Answer, "sha256"> = {
    id: uuid7(),
    inspection: inspection.id,
    item,
    repeat: 0,
    ...content,
    note: checkedText(content.note),
    answeredAt: Date.now(),
    author,
    replaces: replaced.map((head) => head.id),
    ...(await circumstances()),
    here: true,
  };
  return { ...answer, sha256: await answerDigest(answer) };
}

/** More than this the server takes with no answer and no finding; further ones stay beside it in the walkthrough. */
export const MOST_PHOTOS = 200;

/** Photos of every head: where two devices answered, a new version must not lose either one's. */
export const photosOf = (current: Answer[]): string[] =>
  [...new Set(current.flatMap((head) => head.photos))].slice(0, MOST_PHOTOS);

function changed(
  item: Item,
  current: Answer[],
  location: string | null,
  to: AnswerChange,
): Content {
  const head = current.at(-1);
  const content: Content = {
    value: to.value === undefined ? (head?.value ?? null) : to.value,
    note: to.note ?? head?.note ?? "",
    aspect: to.aspect === undefined ? (head?.aspect ?? item.aspect) : to.aspect,
    location,
    reading: to.reading === undefined ? (head?.reading ?? null) : to.reading,
    photos: photosOf(current),
  };
  return { ...content, value: checkedValue(item, content) };
}

/** Appends a version; what is not in `change` stays as it is. */
export async function saveAnswer(
  inspection: Inspection,
  item: Item,
  location: string | null,
  change: AnswerChange,
  author: Author,
): Promise<Answer> {
  mustHash();
  return serially(async () => {
    await mustBeOpen(inspection.id);
    const current = heads(await answerRows(inspection.id), item.id);
    const content = changed(item, current, location, change);
    return storeAnswer(await nextVersion(inspection, item.id, current, content, author));
  });
}

const EMPTY = { value: null, note: "", reading: null, photos: [] };

/** Takes the last tap back by a new version that equals the one before it: nothing is ever removed. */
export async function undo(
  inspection: Inspection,
  item: Item,
  author: Author,
): Promise<Answer | null> {
  mustHash();
  return serially(async () => {
    await mustBeOpen(inspection.id);
    const all = await answerRows(inspection.id);
    const current = heads(all, item.id);
    const head = current.at(-1);
    if (!head) return null;
    const before = all
      .filter((answer) => head.replaces.includes(answer.id))
      .sort((a, b) => a.answeredAt - b.answeredAt)
      .at(-1);
    const { aspect, location } = head;
    const content = before ?? { ...EMPTY, aspect, location };
    const { value, note, reading, photos } = content;
    const equal = { value, note, aspect: content.aspect, location, reading, photos };
    return storeAnswer(await nextVersion(inspection, item.id, current, equal, author));
  });
}

/** A new finding, or with the id of a known one its change. The id of one that never was is taken as it is. */
async function findingOf(draft: FindingDraft, author: Author): Promise<Finding> {
  const known = (await findingRows(draft.inspection ?? "")).find((row) => row.id === draft.id);
  const finding: Omit<Finding, "sha256"> = {
    id: draft.id ?? uuid7(),
    site: draft.site,
    inspection: draft.inspection,
    item: draft.item,
    kind: draft.kind,
    text: checkedText(draft.text),
    aspect: draft.aspect,
    location: draft.location,
    photos: known?.photos ?? [],
    foundAt: known?.foundAt ?? Date.now(),
    // Who first noted it stays its author; this change goes under the one who makes it.
    author: known?.author ?? author,
    ...(known
      ? { deviceId: known.deviceId, utcOffsetMin: known.utcOffsetMin, skewMs: known.skewMs }
      : await circumstances()),
    revision: known?.revision ?? 0,
    here: true,
  };
  return { ...finding, sha256: await findingDigest(finding) };
}

export async function saveFinding(draft: FindingDraft, author: Author): Promise<Finding> {
  mustHash();
  return serially(async () => {
    if (draft.inspection) await mustBeOpen(draft.inspection);
    if (draft.id && (await isTakenByOther(draft.id, author.id)))
      throw new RecordError("other_person");
    const finding = await findingOf(draft, author);
    const { id, inspection } = finding;
    await whileWriting([inspection ?? ""], () =>
      write(["findings", "outbox", "meta"], async (tx) => {
        await tx.objectStore("findings").put(finding, id);
        await enqueue(tx, { kind: "finding", ref: id, inspection, author });
      }),
    );
    return finding;
  });
}

/** Where to carry on. A mark of the screen, so it is not sent. */
export async function noteLastItem(id: string, item: string): Promise<void> {
  const known = await write(["inspections"], async (tx) => {
    const store = tx.objectStore("inspections");
    const inspection = await store.get(id);
    if (inspection) await store.put({ ...inspection, lastItem: item }, id);
    return inspection !== undefined;
  });
  if (known) await announce({ inspections: [id] });
}
