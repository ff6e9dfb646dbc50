/** Learns what changed at the server since this phone last asked. */

import { ApiError } from "../api/client";
import { getSync } from "../api/endpoints";
import type { SyncAnswer } from "../api/types";
import { announce } from "../work/changes";
import { type StoreName, write } from "../work/db";
import { deviceId, noteSkew } from "../work/device";
import { loadReference, putReference, type Reference, referenceKey } from "../work/reference";
import type { Author } from "../work/types";
import { MERGE_STORES, mergeInspection, namesFor } from "./merge";
import { DOUBT_STORES, doubtOwn } from "./recheck";
import { templateFrom, templatesOf } from "./templates";

/** A slower answer says too little about the time at which it was made. */
const LONGEST_TRIP_MS = 10_000;

const STORES: StoreName[] = [...new Set([...MERGE_STORES, ...DOUBT_STORES, "reference" as const])];

async function learnSkew(answer: SyncAnswer, begun: number, ended: number): Promise<void> {
  const server = Date.parse(answer.server_time);
  if (Number.isFinite(server) && ended - begun < LONGEST_TRIP_MS)
    await noteSkew(server - (begun + ended) / 2);
}

/** A cursor of a server that was set up anew is refused: then everything is fetched, and what was sent may be lost. */
async function ask(
  site: string,
  since: string | null,
  signal: AbortSignal,
): Promise<{ answer: SyncAnswer; since: string | null; anew: boolean }> {
  try {
    const answer = await getSync(site, since, signal);
    return { answer, since: answer.anew ? null : since, anew: answer.anew };
  } catch (error) {
    if (since === null || !(error instanceof ApiError) || error.status !== 422) throw error;
    return { answer: await getSync(site, null, signal), since: null, anew: true };
  }
}

const byId = <T extends { id: string }>(rows: T[]): Record<string, T> =>
  Object.fromEntries(rows.map((row) => [row.id, row]));

function without<T>(rows: Record<string, T>, removed: string[] | undefined): Record<string, T> {
  const gone = new Set(removed);
  return Object.fromEntries(Object.entries(rows).filter(([id]) => !gone.has(id)));
}

function updated(known: Reference, { changed, removed, cursor }: SyncAnswer): Reference {
  const templates = byId(changed.templates.filter((row) => row.current).map(templateFrom));
  const places = changed.locations.map(({ id, name, path, parent, token }) => ({
    id,
    name,
    path,
    parent,
    token,
  }));
  return {
    cursor,
    templates: without({ ...known.templates, ...templates }, removed.templates),
    places: without({ ...known.places, ...byId(places) }, removed.locations),
    aspects: without({ ...known.aspects, ...byId(changed.aspects) }, removed.aspects),
  };
}

/** Everything at once, cursor included: a kill in the middle asks for the same again. */
export async function pull(me: Author, site: string, signal: AbortSignal): Promise<void> {
  const key = referenceKey(me.id, site);
  const known = await loadReference(key);
  const begun = Date.now();
  const { answer, since, anew } = await ask(site, known.cursor, signal);
  await learnSkew(answer, begun, Date.now());
  const base = since === null ? { ...known, templates: {}, places: {}, aspects: {} } : known;
  const reference = updated(base, answer);
  const rows = answer.changed.inspections;
  const templates = await templatesOf(rows, reference);
  // Signed out meanwhile: what was just forgotten must not come back.
  if (signal.aborted) return;
  const names = namesFor(me);
  const device = await deviceId();
  await write(STORES, async (tx) => {
    if (anew) await doubtOwn(tx, device);
    for (const row of rows) await mergeInspection(tx, row, templates(row), names, anew);
    await putReference(tx, key, reference);
  });
  const { templates: forms, locations, aspects } = answer.changed;
  const news = rows.length + forms.length + locations.length + aspects.length;
  if (news > 0 || since === null)
    await announce({ inspections: rows.map((row) => row.id), reference: true });
}
