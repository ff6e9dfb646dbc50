/** What there is at the place whose label was scanned. A place stands for all that is below it, too. */

import { heads, outcomeOf } from "../../work/outcome";
import type { KnownPlace } from "../../work/reference";
import { answersOf, places } from "../../work/store";
import type { Inspection, Item, TemplateContent } from "../../work/types";

/** As deep as the server looks: a circle must not hang the screen. */
const DEEPEST = 32;

export function isWithin(location: string | null, place: KnownPlace): boolean {
  let at = location;
  for (let step = 0; at && step < DEEPEST; step += 1) {
    if (at === place.id) return true;
    at = places.value.get(at)?.parent ?? null;
  }
  return false;
}

export const itemsWithin = (content: TemplateContent, place: KnownPlace): Item[] =>
  content.sections
    .filter((section) => isWithin(section.location, place))
    .flatMap((section) => section.items);

export interface WorkHere {
  items: number;
  answered: number;
  /** Where to go on: the first question that is open, else the first. Null when nothing is asked here. */
  next: Item | null;
}

export function workWithin(inspection: Inspection, place: KnownPlace): WorkHere {
  const items = itemsWithin(inspection.template.content, place);
  const answers = answersOf(inspection.id).value;
  const open = items.filter((item) => outcomeOf(item, heads(answers, item.id)) === "unanswered");
  return {
    items: items.length,
    answered: items.length - open.length,
    next: open[0] ?? items[0] ?? null,
  };
}
