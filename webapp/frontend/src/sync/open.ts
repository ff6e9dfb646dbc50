import { getInspection } from "../api/endpoints";
import type { RemoteInspection } from "../api/types";
import { me } from "../store/session";
import { announce } from "../work/changes";
import { type StoreName, write } from "../work/db";
import type { Author, Template } from "../work/types";
import { MERGE_STORES, mergeInspection, namesFor } from "./merge";

const STORES: StoreName[] = [...MERGE_STORES];

/** What the server has of a walkthrough, with the content of its template, becomes rows here. */
export async function fetchInspection(id: string): Promise<void> {
  await takeInspection(await getInspection(id), me.peek()?.user ?? null);
}

export async function takeInspection(row: RemoteInspection, user: Author | null): Promise<void> {
  const template: Template = {
    ...row.template,
    site: row.site,
    description: row.content.description,
    sha256: "",
    content: row.content,
  };
  await write(STORES, (tx) => mergeInspection(tx, row, template, namesFor(user)));
  await announce({ inspections: [row.id] });
}
