import { getInspection } from "../api/endpoints";
import { me } from "../store/session";
import { announce } from "../work/changes";
import { type StoreName, write } from "../work/db";
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
