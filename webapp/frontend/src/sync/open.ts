import { getInspection } from "../api/endpoints";
import { me } from "../store/session";
import { announce } from "../work/changes";
import { type StoreName, write } from "../work/db";
import { inspectionRow } from "../work/rows";
import { loadRows } from "../work/store";
import type { Template } from "../work/types";
import { MERGE_STORES, mergeInspection, namesFor } from "./merge";

const STORES: StoreName[] = [...MERGE_STORES];

/** What the server has of a walkthrough, with the content of its template, becomes rows here. */
export async function fetchInspection(id: string): Promise<void> {
  const row = await getInspection(id);
  const template: Template = {
    ...row.template,
    site: row.site,
    description: row.content.description,
    sha256: "",
    content: row.content,
  };
  const names = namesFor(me.peek()?.user ?? null);
  await write(STORES, (tx) => mergeInspection(tx, row, template, names));
  await announce({ inspections: [id] });
}

/**
 * Loads a walkthrough's rows. One that is only at the server is fetched, and rejects as requests do; one that is here is
 * brought up to date in the background.
 */
export async function openInspection(id: string): Promise<void> {
  const known = await inspectionRow(id);
  if (known) {
    await loadRows(id);
    if (known.server) void fetchInspection(id).catch(() => undefined);
  } else {
    await fetchInspection(id);
    await loadRows(id);
  }
}
