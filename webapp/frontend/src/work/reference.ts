/** What the server lent for working offline: templates, places and aspects, apart for each person and site. */

import { read, type WriteTx, write } from "./db";
import type { Template } from "./types";

export interface KnownPlace {
  id: string;
  name: string;
  path: string;
  parent: string | null;
  /** What its label says. */
  token: string;
}

export interface KnownAspect {
  id: string;
  name: string;
  [more: string]: unknown;
}

export interface Reference {
  cursor: string | null;
  templates: Record<string, Template>;
  places: Record<string, KnownPlace>;
  aspects: Record<string, KnownAspect>;
}

export const referenceKey = (user: string, site: string): string => `${user}:${site}`;

const empty = (): Reference => ({ cursor: null, templates: {}, places: {}, aspects: {} });

export const loadReference = (key: string): Promise<Reference> =>
  read(
    ["reference"],
    async (tx) =>
      ((await tx.objectStore("reference").get(key)) as Reference | undefined) ?? empty(),
  );

export async function putReference(tx: WriteTx, key: string, reference: Reference): Promise<void> {
  await tx.objectStore("reference").put(reference, key);
}

const versionKey = (id: string, version: number): string => `template:${id}:${version}`;

/** Older versions stay useful: walkthroughs that were begun with them go on with them. */
export const oldTemplate = (id: string, version: number): Promise<Template | undefined> =>
  read(
    ["reference"],
    async (tx) =>
      (await tx.objectStore("reference").get(versionKey(id, version))) as Template | undefined,
  );

export const keepOldTemplate = (template: Template): Promise<void> =>
  write(
    ["reference"],
    async (tx) =>
      void (await tx
        .objectStore("reference")
        .put(template, versionKey(template.id, template.version))),
  );
