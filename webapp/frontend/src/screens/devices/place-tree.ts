import type { LocationRecord } from "../../api/device-types";

export interface Branch {
  place: LocationRecord;
  depth: number;
}

/** Places in the order of the tree, each after the one it lies in. What lies in a circle, or in nothing, stands at the top. */
export function placeTree(places: LocationRecord[]): Branch[] {
  const ids = new Set(places.map(({ id }) => id));
  const inside = new Map<string, LocationRecord[]>();
  for (const place of [...places].sort((a, b) => a.name.localeCompare(b.name))) {
    const parent = place.parent && ids.has(place.parent) ? place.parent : "";
    inside.set(parent, [...(inside.get(parent) ?? []), place]);
  }
  const tree: Branch[] = [];
  const seen = new Set<string>();
  const add = (place: LocationRecord, depth: number): void => {
    if (seen.has(place.id)) return;
    seen.add(place.id);
    tree.push({ place, depth });
    for (const child of inside.get(place.id) ?? []) add(child, depth + 1);
  };
  for (const place of inside.get("") ?? []) add(place, 0);
  for (const place of places) add(place, 0);
  return tree;
}
