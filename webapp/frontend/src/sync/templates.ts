import { ApiError } from "../api/client";
import { getTemplate } from "../api/endpoints";
import type { FollowedInspection, RemoteTemplate } from "../api/types";
import { read } from "../work/db";
import { keepOldTemplate, oldTemplate, type Reference } from "../work/reference";
import type { Template } from "../work/types";

export function templateFrom(row: RemoteTemplate): Template {
  const { id, version, site, title, description, sha256, content } = row;
  return { id, version, site, title, description, sha256, content };
}

/** The version that a walkthrough was begun with, from what is here or from the server. */
export async function templateOf(
  { id, version }: { id: string; version: number },
  reference: Reference | null,
): Promise<Template | undefined> {
  const current = reference?.templates[id];
  if (current?.version === version) return current;
  const kept = await oldTemplate(id, version);
  if (kept) return kept;
  try {
    const fetched = templateFrom(await getTemplate(id, version));
    await keepOldTemplate(fetched);
    return fetched;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

const nameOf = ({ id, version }: { id: string; version: number }): string => `${id}:${version}`;

/** Templates of those walkthroughs that are new to this phone; the others carry theirs. */
export async function templatesOf(
  rows: FollowedInspection[],
  reference: Reference,
): Promise<(row: FollowedInspection) => Template | undefined> {
  const known = new Set(
    await read(["inspections"], (tx) => tx.objectStore("inspections").getAllKeys()),
  );
  const found = new Map<string, Template | undefined>();
  for (const { id, template } of rows) {
    if (known.has(id) || found.has(nameOf(template))) continue;
    found.set(nameOf(template), await templateOf(template, reference));
  }
  return (row) => found.get(nameOf(row.template));
}
