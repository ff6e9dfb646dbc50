import type { Item, Section, TemplateContent } from "../work/types";

export interface Found {
  item: Item;
  section: Section;
  /** Counted through the whole template, from 0. */
  index: number;
}

export const allItems = (content: TemplateContent): Found[] =>
  content.sections
    .flatMap((section) => section.items.map((item) => ({ item, section })))
    .map((found, index) => ({ ...found, index }));

export const findItem = (content: TemplateContent, id: string): Found | null =>
  allItems(content).find(({ item }) => item.id === id) ?? null;
