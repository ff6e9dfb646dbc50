/** What the screens draw of the phone's own records. Signals; every change of this tab or another one reloads them. */

import { effect, type Signal, signal } from "@preact/signals";
import { me, paused, siteId } from "../store/session";
import { type Change, onChange, openChannel } from "./changes";
import { getMeta, read, WorkError } from "./db";
import { loadSkew } from "./device";
import { type KnownAspect, type KnownPlace, loadReference, referenceKey } from "./reference";
import { answerRows, captureRows, findingRows, inspectionRow } from "./rows";
import type { Answer, Capture, Finding, Inspection, Template } from "./types";

export { heads, type Lack } from "./outcome";
export { askPersist, storageReport } from "./storage";

export const inspections = signal<ReadonlyMap<string, Inspection>>(new Map());
export const templates = signal<Template[]>([]);
export const places = signal<ReadonlyMap<string, KnownPlace>>(new Map());
export const aspects = signal<ReadonlyMap<string, KnownAspect>>(new Map());
/** Why nothing can be recorded on this phone at all; null when it can. */
export const workFault = signal<WorkError["code"] | null>(null);

/** Rows of the walkthroughs that were looked at, each loaded when it is first asked for. */
class Rows<T> {
  private readonly known = new Map<string, Signal<T[]>>();

  constructor(private readonly load: (inspection: string) => Promise<T[]>) {}

  of(inspection: string): Signal<T[]> {
    const known = this.known.get(inspection);
    if (known) return known;
    const made = signal<T[]>([]);
    this.known.set(inspection, made);
    void this.refresh(inspection).catch(() => undefined);
    return made;
  }

  async refresh(inspection: string): Promise<void> {
    const known = this.known.get(inspection);
    if (known) known.value = await this.load(inspection);
  }
}

const byTime =
  <T>(at: (row: T) => number) =>
  (a: T, b: T): number =>
    at(a) - at(b);

const answers = new Rows<Answer>(answerRows);
const findings = new Rows<Finding>(async (id) =>
  (await findingRows(id)).sort(byTime((row) => row.foundAt)),
);
const captures = new Rows<Capture>(async (id) =>
  (await captureRows(id)).sort(byTime((row) => row.capturedAt)),
);

export const answersOf = (inspection: string): Signal<Answer[]> => answers.of(inspection);
/** Those of no walkthrough are asked for by "". */
export const findingsOf = (inspection: string): Signal<Finding[]> => findings.of(inspection);
export const capturesOf = (inspection: string): Signal<Capture[]> => captures.of(inspection);

async function refreshRows(inspection: string): Promise<void> {
  await Promise.all([answers, findings, captures].map((rows) => rows.refresh(inspection)));
}

const fetchInspection = async (id: string): Promise<void> =>
  (await import("../sync/open")).fetchInspection(id);

/**
 * Loads a walkthrough's rows, so that the first drawing does not show an empty one. One that is only at the server is
 * fetched, and rejects as requests do; one that is here is brought up to date in the background.
 */
export async function openInspection(id: string): Promise<void> {
  const known = await inspectionRow(id);
  if (!known) await fetchInspection(id);
  else if (known.server && !paused.peek()) void fetchInspection(id).catch(() => undefined);
  for (const rows of [answers, findings, captures]) rows.of(id);
  await refreshRows(id);
}

async function loadInspections(): Promise<void> {
  const all = await read(["inspections"], (tx) => tx.objectStore("inspections").getAll());
  inspections.value = new Map(all.map((inspection) => [inspection.id, inspection]));
}

/** Only those that changed: each carries its whole template, and rows are sent by the hundred. */
async function reloadInspections(ids: string[]): Promise<void> {
  const wanted = ids.filter(Boolean);
  if (wanted.length === 0) return;
  const fresh = await read(["inspections"], (tx) =>
    Promise.all(wanted.map((id) => tx.objectStore("inspections").get(id))),
  );
  const next = new Map(inspections.peek());
  for (const inspection of fresh) if (inspection) next.set(inspection.id, inspection);
  inspections.value = next;
}

async function showReference(user: string | undefined, site: string | null): Promise<void> {
  const known = user && site ? await loadReference(referenceKey(user, site)) : null;
  if (user !== me.peek()?.user.id || site !== siteId.peek()) return;
  templates.value = Object.values(known?.templates ?? {}).sort((a, b) =>
    a.title.localeCompare(b.title),
  );
  places.value = new Map(Object.entries(known?.places ?? {}));
  aspects.value = new Map(Object.entries(known?.aspects ?? {}));
}

const refreshReference = (): Promise<void> => showReference(me.peek()?.user.id, siteId.peek());

async function follow(change: Change): Promise<void> {
  await Promise.all([
    reloadInspections(change.inspections),
    ...change.inspections.map(refreshRows),
    change.reference ? refreshReference() : undefined,
  ]);
}

/** Called once at the start. Resolves when what is on the phone can be drawn. */
export async function startWork(): Promise<void> {
  onChange(follow);
  openChannel();
  effect(() => {
    void showReference(me.value?.user.id, siteId.value).catch(() => undefined);
  });
  try {
    await Promise.all([loadInspections(), loadSkew()]);
    workFault.value = null;
  } catch (error) {
    workFault.value = error instanceof WorkError ? error.code : "failed";
  }
}

export interface LocalDraft {
  inspection: Inspection;
  answered: number;
}

/** Walkthroughs that somebody began on this phone and has not finished, newest first: for the sign-in screen. */
export async function localDrafts(): Promise<LocalDraft[]> {
  const device = await getMeta<string>("device");
  const all = await read(["inspections"], (tx) => tx.objectStore("inspections").getAll());
  const drafts = all.filter((row) => row.state === "draft" && row.deviceId === device);
  const found = drafts.map(async (inspection) => {
    const rows = await answerRows(inspection.id);
    const items = new Set(rows.filter((row) => row.value !== null).map((row) => row.item));
    return { inspection, answered: items.size };
  });
  return (await Promise.all(found)).sort((a, b) => b.inspection.startedAt - a.inspection.startedAt);
}
