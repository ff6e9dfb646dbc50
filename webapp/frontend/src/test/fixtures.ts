/** People, a checklist and photos for tests. */

import type { CaptureTarget } from "../work/capture";
import type { Author, Inspection, Item, ItemType, ReadingSnapshot, Template } from "../work/types";

export const INES: Author = { id: "u-ines", username: "ines", name: "Ines Inspector" };
export const MARK: Author = { id: "u-mark", username: "mark", name: "Mark Manager" };
export const SITE = "dairy";

export const item = (id: string, type: ItemType, more: Partial<Item> = {}): Item => ({
  id,
  type,
  question: id,
  help: "",
  aspect: null,
  clauses: [],
  required: true,
  photo: "optional",
  note: "optional",
  ...more,
});

export const ITEMS = {
  drain: item("drain", "check", { photo: "on_fail", note: "on_fail", aspect: "a-water" }),
  bund: item("bund", "check"),
  ph: item("ph", "number", { low: 6, high: 9, min: 0, max: 14 }),
  view: item("view", "photo"),
  words: item("words", "text", { required: false }),
};

export const TEMPLATE: Template = {
  id: "t-weekly",
  version: 3,
  site: SITE,
  title: "Weekly walk",
  description: "",
  sha256: "",
  content: {
    title: "Weekly walk",
    description: "",
    gallery: false,
    sections: [
      { id: "outside", title: "Outside", location: "yard", items: [ITEMS.drain, ITEMS.bund] },
      {
        id: "outfall",
        title: "Outfall",
        location: null,
        items: [ITEMS.ph, ITEMS.view, ITEMS.words],
      },
    ],
  },
};

export const READING: ReadingSnapshot = {
  point: "dairy.effluent/ph",
  label: "pH",
  value: 7.1,
  unit: "pH",
  precision: 2,
  quality: "good",
  reasons: [],
  observed_at: "2026-11-25T10:00:00.000Z",
  age_s: 3,
  freshness: "live",
  limits: [{ kind: "high", level: "permit", value: 9 }],
};

/** The first bytes are those of a JPEG; the rest tells one photo from another. */
export function photo(seed: number, size = 4000): File {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed * 7) % 256);
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return new File([bytes], `${seed}.jpg`, { type: "image/jpeg" });
}

export const targetOf = (
  inspection: Inspection,
  item: string,
  more: Partial<CaptureTarget> = {},
): CaptureTarget => ({
  inspection: inspection.id,
  site: SITE,
  item,
  finding: null,
  aspect: null,
  location: "yard",
  source: "camera",
  author: INES,
  ...more,
});
